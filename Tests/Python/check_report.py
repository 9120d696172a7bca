"""Looks at reports in a real browser: on a desk, on a phone, in the dark, and on paper.

    pip install playwright; apt-get install chromium; python check_report.py [--shots DIR] PAGE...

Fails where a page is wider than its window, where text in a figure is cut or lies over other text, where something on
paper reaches over its edge, where a script other than the page's own runs or fails, and where anything is asked of the
network. Figures beside the page (PAGE without .html) are looked at one by one. Says how many megabytes a page has.
"""
import glob
import os
import pathlib
import sys

from playwright.sync_api import sync_playwright

BROWSER = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# A4 without the page's margins of 12 mm, in pixels of 1/96 inch.
PAPER = 703

FIGURES = """() => {
  const problems = [];
  for (const svg of document.querySelectorAll("svg")) {
    const name = svg.getAttribute("aria-label") || svg.textContent.slice(0, 30);
    const box = svg.getBoundingClientRect();
    if (!box.width || !box.height) { problems.push(`figure "${name}" has no size`); continue; }
    const texts = [...svg.querySelectorAll("text")].map((text) => {
      // The own coordinates of the figure, so that shrinking changes nothing.
      const inner = text.getBBox(), matrix = svg.getScreenCTM().inverse().multiply(text.getScreenCTM());
      const corners = [[inner.x, inner.y], [inner.x + inner.width, inner.y + inner.height]]
        .map(([x, y]) => new DOMPoint(x, y).matrixTransform(matrix));
      return { what: text.textContent, left: Math.min(corners[0].x, corners[1].x),
        right: Math.max(corners[0].x, corners[1].x), top: Math.min(corners[0].y, corners[1].y),
        bottom: Math.max(corners[0].y, corners[1].y) };
    }).filter((text) => text.what.trim());
    const view = svg.viewBox.baseVal && svg.viewBox.baseVal.width ? svg.viewBox.baseVal
      : { x: 0, y: 0, width: svg.width.baseVal.value, height: svg.height.baseVal.value };
    for (const text of texts) {
      if (text.left < view.x - 0.5 || text.right > view.x + view.width + 0.5 || text.top < view.y - 1.5
          || text.bottom > view.y + view.height + 1.5)
        problems.push(`figure "${name}": "${text.what}" is cut`);
    }
    for (let i = 0; i < texts.length; i++) for (let j = i + 1; j < texts.length; j++) {
      const [a, b] = [texts[i], texts[j]];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      // The box of a line of text is higher than its letters.
      if (across > 0.5 && down > 3) problems.push(`figure "${name}": "${a.what}" lies over "${b.what}"`);
    }
  }
  return problems;
}"""

WIDTH = "() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"

ON_PAPER = """(edge) => {
  const over = [];
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("svg") && element.tagName !== "svg") continue;
    const box = element.getBoundingClientRect();
    if (box.width && box.right > edge + 1)
      over.push(`${element.tagName} "${element.textContent.trim().slice(0, 40)}" ends at ${Math.round(box.right)}`);
    const style = getComputedStyle(element);
    if (element.scrollWidth > element.clientWidth + 1 && style.overflowX !== "visible" && element.clientWidth)
      over.push(`${element.tagName} "${element.textContent.trim().slice(0, 40)}" is cut`);
  }
  return over.slice(0, 5);
}"""

LIGHT = """() => getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3)
  .reduce((sum, value) => sum + Number(value), 0) / 3"""

SORTS = """() => {
  const problems = [];
  for (const table of document.querySelectorAll("table.sortable")) {
    const before = table.tBodies[0].rows.length;
    for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
      for (const direction of ["ascending", "descending"]) {
        head.click();
        if (head.ariaSort !== direction) problems.push(`"${head.textContent}" does not sort ${direction}`);
        const numbers = [...table.tBodies[0].rows].map((row) => parseFloat(row.cells[column].textContent))
          .filter((number) => !Number.isNaN(number));
        const sign = direction === "ascending" ? 1 : -1;
        if (numbers.some((number, place) => place && sign * (number - numbers[place - 1]) < 0))
          problems.push(`"${head.textContent}" is not in order`);
      }
    }
    if (table.tBodies[0].rows.length !== before) problems.push("rows got lost");
  }
  return problems;
}"""


def look(browser, path, shots):
    problems = []

    def check(what, found):
        problems.extend(f"{what}: {each}" for each in found)

    address = pathlib.Path(path).resolve().as_uri()
    for what, width, scheme in (("desk", 1280, "light"), ("phone", 390, "light"), ("dark", 1280, "dark")):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: problems.append(f"{what}: script: {error}"))
        page.on("console", lambda message: problems.append(f"{what}: console: {message.text}")
                if message.type == "error" else None)
        page.goto(address)
        check(what, [f"asks for {url[:80]}" for url in asked if url != address and not url.startswith("data:")])
        found = page.evaluate(WIDTH)
        if found > width:
            problems.append(f"{what}: the page is {found} pixels wide in a window of {width}")
        check(what, page.evaluate(FIGURES))
        if (page.evaluate(LIGHT) < 128) != (scheme == "dark"):
            problems.append(f"{what}: the background is not that of a {scheme} page")
        if shots:
            page.screenshot(path=f"{shots}/{what}.png", full_page=True)
        if what == "desk":
            check("sorting", page.evaluate(SORTS))
        if what == "dark":
            page.set_viewport_size({"width": PAPER, "height": 1000})
            page.emulate_media(media="print", color_scheme="dark")
            if page.evaluate(LIGHT) < 250:
                problems.append("paper: the background is dark")
            check("paper", page.evaluate(ON_PAPER, PAPER))
            check("paper", page.evaluate(FIGURES))
            if shots:
                page.pdf(path=f"{shots}/paper.pdf", format="A4", print_background=True)
        page.close()
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    figures = sorted(glob.glob(glob.escape(path[:-len(".html")]) + "/*.svg"))
    for figure in figures:
        page.goto(pathlib.Path(figure).resolve().as_uri())
        if page.evaluate("() => document.documentElement.tagName") != "svg":
            problems.append(f"{figure} is no SVG that a browser reads")
        # The page's own texts are checked above; by itself a figure needs its colours.
        if "var(" in open(figure, encoding="utf-8").read():
            problems.append(f"{figure} needs colours that only the page has")
        check(os.path.basename(figure), page.evaluate(FIGURES.replace(
            'document.querySelectorAll("svg")', "[document.documentElement]")))
    page.close()
    size = os.path.getsize(path) / 1e6
    if size > 5:
        problems.append(f"has {size:.1f} megabytes")
    print(f"{path}: {size:.2f} MB, {len(figures)} figures, " + (f"{len(problems)} problems" if problems else "no problem"))
    return problems


def main(arguments):
    shots = None
    if arguments[:1] == ["--shots"]:
        shots, arguments = arguments[1], arguments[2:]
        os.makedirs(shots, exist_ok=True)
    failed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        for path in arguments:
            for problem in look(browser, path, shots):
                print(f"  {problem[:200]}")
                failed = True
        browser.close()
    return 1 if failed or not arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
