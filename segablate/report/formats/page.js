"use strict";
// a click on a heading sorts its table: numbers by size, words by the alphabet, what is empty last
document.querySelectorAll("thead button").forEach((button) => button.addEventListener("click", () => {
  const head = button.parentElement, table = head.closest("table"), body = table.tBodies[0];
  const up = head.getAttribute("aria-sort") === "descending" || (!head.hasAttribute("aria-sort") && !head.classList.contains("n"));
  head.parentElement.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const cell = (row) => row.cells[head.cellIndex], sign = up ? 1 : -1;
  [...body.rows].sort((one, other) => {
    const a = cell(one), b = cell(other), x = a.dataset.by, y = b.dataset.by;
    if (x !== undefined && y !== undefined) return sign * (x - y);
    if (x !== undefined || y !== undefined) return x !== undefined ? -1 : 1;
    return sign * a.textContent.localeCompare(b.textContent, "en", {numeric: true});
  }).forEach((row) => body.append(row));
}));
// where nothing can hover, a tap tells what hovering would
const told = document.getElementById("told");
document.addEventListener("click", (event) => {
  const near = event.target.closest("[title], .tip");
  const text = near && (near.getAttribute("title") || near.querySelector("title").textContent);
  told.hidden = !text;
  told.textContent = text || "";
});
