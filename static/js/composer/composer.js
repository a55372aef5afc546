/**
 * The composer's page: one store, and the views that show it. The page tells what it begins with (a template element
 * with JSON). The view that is on top comes first, so that the drawing stands while everything around it (desk.js) is
 * still on its way; the other views are fetched when they are first looked at.
 *
 * @typedef {{
 *   name: string, text: string, data: any, checked: any, layout: any, base: number, latest: number, is_unsaved: boolean,
 *   may_save: boolean, suggest: string, in_gallery: boolean, csrf: string, urls: Record<string, any>,
 *   presets: Record<string, Record<string, unknown>>,
 * }} Page
 * @typedef {Awaited<ReturnType<typeof import("./desk.js").setUp>>} SetUp
 */

import { server as serverAt } from "sagasim/composer/server.js";
import { createStore } from "sagasim/composer/store.js";
import { tabs } from "sagasim/composer/tabs.js";
import { html } from "sagasim/runs/elements.js";

/** @param {HTMLElement} root */
export default async function connect(root) {
  const template = /** @type {HTMLTemplateElement} */ (root.querySelector("#composer-data"));
  /** @type {Page} */
  const page = JSON.parse(template.content.textContent ?? "{}");
  const server = serverAt(page.urls, page.name);
  const schema = server.schema();
  const store = createStore({
    text: page.text,
    data: page.data ?? {},
    layout: page.layout ?? {},
    check: server.check,
    answer: page.checked,
  });
  const region = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-region="${name}"]`));
  region("text").after(html("div", { "data-region": "events" }));
  root.dataset.scripted = ""; // every part has its place before something is drawn in it

  /** @type {SetUp | undefined} */
  let desk;
  const act = (/** @type {string} */ name) => desk?.acts[name]?.();
  const views = tabs(root, { ...viewMakers(region, store, schema, act), shown: () => desk?.show() });
  await views.open();
  performance.mark("composer drawn");
  const { setUp } = await import("sagasim/composer/desk.js");
  desk = await setUp({ root, page, store, server, views }, await schema);
  root.dataset.awake = "";
  performance.mark("composer ready");

  return () => {
    desk?.close();
    views.close();
  };
}

/**
 * @param {(name: string) => HTMLElement} region
 * @param {import("./store.js").Store} store
 * @param {Promise<import("./shapes.js").Shape>} schema
 * @param {(name: string) => void} act
 * @returns {Record<import("./tabs.js").ViewName, () => Promise<any>>}
 */
function viewMakers(region, store, schema, act) {
  return {
    canvas: async () => {
      const { connectCanvas } = await import("sagasim/composer/canvas/canvas.js");
      return connectCanvas(region("canvas"), store);
    },
    table: async () => {
      const { Table } = await import("sagasim/composer/table.js");
      return new Table(store, region("table"), { act, schema: await schema });
    },
    text: async () => {
      const { connectText } = await import("sagasim/composer/text/text.js");
      return connectText(region("text"), store, { schema: () => schema });
    },
    events: async () => {
      const { eventMap } = await import("sagasim/composer/events.js");
      return { update: eventMap(region("events"), store) };
    },
  };
}
