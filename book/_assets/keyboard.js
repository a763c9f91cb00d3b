// For who has no mouse: a box that scrolls is a stop of the Tab key as long as it does;
// the buttons that copy and fold say what, and the former are no stops, since Ctrl-C copies.
window.addEventListener("load", async () => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const name = (button, words) => button?.setAttribute("aria-label", words.replace(/\s+/g, " "));
  await window.MathJax?.startup?.promise;
  const boxes = all(
    "div.math, mjx-container[display], .pst-scrollable-table-container, .cell_output .output, .highlight pre, article table");
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries)
      if (target.scrollWidth > target.clientWidth && getComputedStyle(target).overflowX !== "visible")
        target.tabIndex = 0;
      else target.removeAttribute("tabindex");
  });
  boxes.forEach((box) => watch.observe(box));
  const cells = all("div.cell");
  all(".copybtn").forEach((button, k) => {
    const cell = cells.indexOf(button.closest("div.cell")) + 1;
    const what = button.closest(".cell_output") ? "output" : "code";
    button.tabIndex = -1;
    name(button, cell ? `Copy ${what} of cell ${cell}` : `Copy code ${k + 1}`);
  });
  all(".toggle-button").forEach((button, k) => {
    const title = button.closest(".admonition-title").textContent.trim();
    const alike = button.closest(".solution") ? "" : `, ${k + 1}`;
    name(button, `Show or hide: ${title}${alike}`);
  });
  all(".ask").forEach((ask) =>
    name(ask.querySelector("summary"), `Answer: ${ask.querySelector("legend, label span").textContent}`));
});
