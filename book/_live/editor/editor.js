// The editor of a cell: CodeMirror 6 with as much as Python needs. `make editor` bundles it.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, keymap } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

const failed = StateEffect.define();
const mark = StateField.define({
  create: () => Decoration.none,
  update(marks, { docChanged, effects, state }) {
    for (const effect of effects)
      if (effect.is(failed))
        return effect.value === null ? Decoration.none : Decoration.set([
          Decoration.line({ class: "live-failed" }).range(state.doc.line(effect.value).from),
        ]);
    return docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export function editor(parent, doc, label, { run, changed }) {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc,
      extensions: [
        keymap.of([
          { key: "Shift-Enter", run: () => (run(), true) },
          { key: "Escape", run: ({ contentDOM }) => (contentDOM.blur(), true) },
          ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab,
        ]),
        history(), drawSelection(), bracketMatching(), closeBrackets(), indentOnInput(),
        indentUnit.of("    "), python(), syntaxHighlighting(classHighlighter), mark,
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of(({ docChanged }) => docChanged && changed()),
      ],
    }),
  });
  const text = () => view.state.doc.toString();
  return {
    text,
    focus: () => view.focus(),
    mark: (line) => view.dispatch({
      effects: failed.of(line && line <= view.state.doc.lines ? line : null),
    }),
    replace: (mine) => view.dispatch({
      changes: { from: 0, to: view.state.doc.length, insert: mine },
    }),
  };
}
