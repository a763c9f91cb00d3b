// Paper is light, and answers and solutions stand at the end of their chapter.
(() => {
  const { make } = window.conv_notes;
  const undo = [];

  function answer(ask) {
    const question = ask.querySelector("legend, label span, p").textContent;
    const why = ask.querySelector("details p").textContent;
    return make("p", {}, make("em", {}, question), ` ${why}`);
  }

  function move(chapter) {
    const end = make("section", { className: "at-the-end" });
    const asks = [...chapter.querySelectorAll(".ask")];
    if (asks.length) end.append(make("h2", {}, "Answers"), ...asks.map(answer));
    const solutions = [...chapter.querySelectorAll(".solution")];
    if (solutions.length) end.append(make("h2", {}, "Solutions"));
    for (const solution of solutions) {
      const place = document.createComment("");
      solution.replaceWith(place);
      end.append(solution);
      undo.push(() => place.replaceWith(solution));
    }
    for (const fold of chapter.querySelectorAll(".tag_hide-cell details:not([open])")) {
      fold.open = true; // not code alone, as other folds
      undo.push(() => (fold.open = false));
    }
    chapter.append(end);
    undo.push(() => end.remove());
  }

  addEventListener("beforeprint", () => {
    if (undo.length) return;
    const { dataset } = document.documentElement;
    const { theme } = dataset;
    dataset.theme = "light";
    undo.push(() => (dataset.theme = theme));
    document.querySelectorAll(".bd-article").forEach(move);
  });
  addEventListener("afterprint", () => undo.splice(0).forEach((back) => back()));
})();
