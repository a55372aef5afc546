/** Who plays: the page's blueprint and saga in the shape that the reducer and the drawings work with. */

/** @typedef {import("sagasim/runs/reducer.js").Cast} Cast */

/**
 * @param {any} data of the page: {saga, blueprint}
 * @param {string} coordination
 * @param {boolean} recorded whether the run is one of a real saga, of which nobody sees what is true
 * @returns {Cast}
 */
export function castOf({ saga, blueprint }, coordination, recorded = false) {
  /** @type {Map<string, any>} */
  const written = new Map((saga.steps ?? []).map((/** @type {any} */ step) => [step.name, step]));
  return {
    coordination,
    recorded,
    services: blueprint.services.map(named),
    instances: saga.instances ?? 1,
    invariants: blueprint.invariants.map((/** @type {any} */ each) => ({
      name: named(each),
      when: each.when ?? ("finally" in each ? "finally" : "always"),
    })),
    resources: Object.fromEntries(
      blueprint.resources.map((/** @type {any} */ each) => [
        named(each),
        each.initial ?? saga.resources?.[named(each)] ?? 0,
      ]),
    ),
    steps: blueprint.steps.map((/** @type {any} */ step) => {
      const effects = step.effects ?? written.get(step.name)?.effects ?? {};
      const inverse = Object.fromEntries(
        Object.entries(effects).map(([name, amount]) => [name, -Number(amount)]),
      );
      return {
        name: step.name,
        service: step.service,
        kind: step.kind,
        compensation: step.compensation ?? null,
        after: step.after ?? [],
        predecessors: step.predecessors ?? step.after ?? [],
        successors: step.successors ?? [],
        effects,
        undo_effects: step.undo_effects ?? written.get(step.name)?.undo_effects ?? inverse,
      };
    }),
  };
}

/** @param {any} each a name, or something that has one */
function named(each) {
  return typeof each === "string" ? each : each.name;
}
