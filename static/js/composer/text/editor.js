/**
 * The text in CodeMirror: colours, completion and explanations from the JSON Schema, and what is wrong at its line. What
 * is typed goes to the store, and what other views change comes from there as small changes, so that the cursor stays.
 *
 * @typedef {import("sagasim/composer/text/text.js").Store} Store
 */

import { changesBetween } from "sagasim/composer/text/changes.js";
import { completions, explanation } from "sagasim/composer/text/offers.js";
import { lineOfStep, stepAtLine } from "sagasim/composer/text/steps.js";
import { html } from "sagasim/runs/elements.js";
import {
  Annotation,
  autocompletion,
  bracketMatching,
  classHighlighter,
  completionKeymap,
  defaultKeymap,
  drawSelection,
  EditorState,
  EditorView,
  foldGutter,
  foldKeymap,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  indentOnInput,
  indentWithTab,
  keymap,
  lineNumbers,
  lintGutter,
  lintKeymap,
  setDiagnostics,
  syntaxHighlighting,
  yaml,
} from "vendor/codemirror.js";

const FromStore = Annotation.define();

/** The nonce of this page: CodeMirror makes a <style>, which the policy lets in with it alone. */
function nonce() {
  const carrier = document.querySelector("script[nonce]");
  return carrier instanceof HTMLElement ? (carrier.nonce ?? "") : "";
}

/** @param {Store} store */
function storeKeys(store) {
  const undo = () => {
    store.undo();
    return true;
  };
  const redo = () => {
    store.redo();
    return true;
  };
  return [
    { key: "Mod-z", run: undo, preventDefault: true },
    { key: "Mod-y", run: redo, preventDefault: true },
    { key: "Mod-Shift-z", run: redo, preventDefault: true },
  ];
}

/** @param {Store} store @param {any} schema */
function offers(store, schema) {
  const complete = (/** @type {any} */ context) =>
    completions(context.state.doc.toString(), context.pos, schema, store.get().data, context.explicit);
  const explain = (/** @type {any} */ view, /** @type {number} */ pos) => {
    const found = explanation(view.state.doc.toString(), pos, schema);
    if (!found) return null;
    const create = () => ({
      dom: html("div", { class: "text-explains" }, html("b", {}, found.key), ` ${found.says}`),
    });
    return { pos: found.from, end: found.to, above: true, create };
  };
  return [autocompletion({ override: [complete], icons: false }), hoverTooltip(explain)];
}

/** @param {Store} store @param {any} schema */
function extensions(store, schema) {
  return [
    EditorView.cspNonce.of(nonce()),
    lineNumbers(),
    foldGutter(),
    lintGutter(),
    drawSelection(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    bracketMatching(),
    indentOnInput(),
    EditorState.tabSize.of(2),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": "The saga as text", spellcheck: "false", tabindex: "0" }),
    yaml(),
    syntaxHighlighting(classHighlighter),
    offers(store, schema),
    keymap.of([
      ...storeKeys(store),
      ...completionKeymap,
      ...lintKeymap,
      ...foldKeymap,
      indentWithTab,
      ...defaultKeymap,
    ]),
    EditorView.updateListener.of((/** @type {any} */ update) => tell(update, store)),
  ];
}

/** What the user did in the editor, told to the store. @param {any} update @param {Store} store */
function tell(update, store) {
  const isOurs = update.transactions.some((/** @type {any} */ each) => each.annotation(FromStore));
  if (isOurs) return;
  if (update.docChanged) store.setText("Type", update.state.doc.toString());
  else if (update.selectionSet && update.view.hasFocus) {
    const { head } = update.state.selection.main;
    const step = stepAtLine(update.state.doc.toString(), update.state.doc.lineAt(head).number);
    if (step) store.select([step]);
  }
}

/** @param {Store} store @param {any} doc */
function diagnosticsOf(store, doc) {
  const { error, checked, text } = store.get();
  /** @param {number | null | undefined} number @param {string} severity @param {string} message @returns {any} */
  const at = (number, severity, message) => {
    const line = doc.line(Math.max(1, Math.min(doc.lines, number ?? 1)));
    const indent = line.text.length - line.text.trimStart().length;
    return { from: line.from + Math.min(indent, line.length), to: line.to, severity, message };
  };
  if (error) return [at(error.line, "error", error.detail)];
  const problems = checked?.problems ?? [];
  return problems.map(({ step, severity, sentence }) => at(lineOfStep(text, step), severity, sentence));
}

/** @param {HTMLElement} element @param {Store} store @param {any} schema */
export function editor(element, store, schema) {
  const frame = html("div", { class: "saga-text" });
  element.replaceChildren(frame);
  const state = EditorState.create({ doc: store.get().text, extensions: extensions(store, schema) });
  const view = new EditorView({ state, parent: frame });
  let shown = "";

  const mark = () => {
    const diagnostics = diagnosticsOf(store, view.state.doc);
    const key = JSON.stringify(diagnostics);
    if (key === shown) return;
    shown = key;
    view.dispatch({ ...setDiagnostics(view.state, diagnostics), annotations: FromStore.of(true) });
  };
  const follow = () => {
    const [name, ...others] = store.selection;
    if (view.hasFocus || others.length || !name) return;
    const number = lineOfStep(view.state.doc.toString(), name);
    if (number) lookAt(number);
  };
  /** @param {number} number */
  const lookAt = (number) => {
    const { from } = view.state.doc.line(Math.max(1, Math.min(view.state.doc.lines, number)));
    const effects = EditorView.scrollIntoView(from, { y: "center" });
    view.dispatch({ selection: { anchor: from }, effects, annotations: FromStore.of(true) });
  };
  const show = (/** @type {any} */ _state, /** @type {{kind: string}} */ change) => {
    if (change.kind === "selection") {
      follow();
      return;
    }
    const before = view.state.doc.toString();
    const { text } = store.get();
    if (before !== text)
      view.dispatch({
        changes: changesBetween(before, text),
        annotations: FromStore.of(true),
        scrollIntoView: false,
      });
    mark();
  };
  const unsubscribe = store.subscribe(show);
  mark();
  follow();
  return {
    close: () => {
      unsubscribe();
      view.destroy();
      frame.remove();
    },
    /** @param {number} line */
    goToLine: (line) => {
      view.focus();
      lookAt(line);
    },
  };
}
