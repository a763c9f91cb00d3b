// For who has no mouse: a box that scrolls is a stop of the Tab key as long as it does;
// the buttons that copy code say which, and are no stops, since Ctrl-C copies too.
window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  const boxes = document.querySelectorAll(
    "div.math, mjx-container[display], .pst-scrollable-table-container, .cell_output .output, .highlight pre, article table");
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries)
      if (target.scrollWidth > target.clientWidth && getComputedStyle(target).overflowX !== "visible")
        target.tabIndex = 0;
      else target.removeAttribute("tabindex");
  });
  boxes.forEach((box) => watch.observe(box));
  document.querySelectorAll(".copybtn").forEach((button, k) => {
    button.tabIndex = -1;
    button.setAttribute("aria-label", `Copy code ${k + 1}`);
  });
});
