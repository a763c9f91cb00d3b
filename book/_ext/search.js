// What is found first. Sphinx's scores stand in searchtools.js: 15 for a title. A term's section
// has it as a title (book_search.py); its glossary entry, 100 there, comes behind; then what
// text says, by all words that were asked for; and names in the library, unless code was asked.
let code = false;
Object.assign(Scorer, { objNameMatch: 7, objPartialMatch: 3, objPrio: {}, objPrioDefault: 0 });
Scorer.score = ([, , anchor, described, score]) =>
  anchor.startsWith("#term-") ? score / 10 : described && code ? score + 6 : score;

// 1×1, 1 x 1 and 1*1 are one word. Titles have the query in them: no plural then.
const parsed = Search._parseQuery;
Search._parseQuery = (query) => {
  const [asked, ...words] = parsed(query.replace(/(\d)\s*[x×*]\s*(\d)/gi, "$1x$2"));
  code = /_|[a-z]\d/i.test(query);
  return [asked.trim().replace(/s$/, ""), ...words];
};

const performed = Search.performTermsSearch;
Search.performTermsSearch = (words, without) => {
  const pages = performed(words, without);
  const each = [...words].map((word) => performed(new Set([word]), without));
  const rare = each.map((found) => 1 / (found.length || 1)); // such a word says more
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  for (const page of pages) {
    const scores = each.map((found) => found.find(([name]) => name === page[0])?.[4] ?? 0);
    page[4] = sum(scores.map((score, k) => score * rare[k])) / (2 * sum(rare));
  }
  return pages;
};

// A section of several names is found once, by the one that fits best.
const searched = Search._performSearch;
Search._performSearch = (...asked) => {
  const seen = new Set();
  const first = ([page, , anchor]) => seen.size < seen.add(page + anchor).size;
  return searched(...asked).reverse().filter(first).reverse();
};

// What a result quotes: prose, without code, drawings and what folds them, and formulas as
// they are read.
Search.htmlToText = (html, anchor) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  page.querySelectorAll("script, style, svg, summary, .cell_input, .headerlink")
    .forEach((part) => part.remove());
  for (const formula of page.querySelectorAll(".math")) {
    const text = formula.textContent.replace(/^\\[[(]|\\[\])]$/g, "")
      .replaceAll("\\times", "×").replaceAll("\\cdot", "·");
    formula.textContent = /[\\{}^_]/.test(text) ? "…" : text;
  }
  page.querySelectorAll("h1, h2, h3, h4").forEach((title) => title.append(" · "));
  const article = page.querySelector("article");
  let part = anchor && article.querySelector(`#${CSS.escape(anchor.slice(1))}`);
  while (part?.localName === "dt") part = part.nextElementSibling; // what explains the term
  return (part || article).textContent.replace(/\s+/g, " ").trim();
};
