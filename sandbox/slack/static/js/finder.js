/** A select whose options come from the app while one types: a combobox with a list. */

import { h, unique } from "./dom.js";
import { plain } from "./mrkdwn.js";

const WAIT = 180;

/** `ask(typed)` answers options; `choose(option)` is called with an option, or null for none. */
export function finder(element, { name, labelledby, place, chosen, ask, choose }) {
  const list = h("ul", { role: "listbox", id: unique("found"), hidden: true, "aria-label": name ?? "Options" });
  const field = h("input.field", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": list.id, "data-place": place, "aria-label": labelledby ? null : name,
    "aria-labelledby": labelledby, placeholder: element.placeholder?.text ?? "Type to search", value: chosen?.text.text ?? "",
  });
  const least = element.min_query_length ?? 3;
  let current = chosen;
  let timer = 0;
  let asked = 0;
  let active = -1;

  const rows = () => [...list.querySelectorAll('[role="option"]')];
  const show = (open) => { list.hidden = !open; field.setAttribute("aria-expanded", String(open)); if (!open) mark(-1); };
  const tell = (text) => { list.replaceChildren(h("li.told", {}, text)); show(true); };
  const mark = (n) => {
    active = n;
    rows().forEach((row, at) => row.setAttribute("aria-selected", String(at === n)));
    if (rows()[n]) { field.setAttribute("aria-activedescendant", rows()[n].id); rows()[n].scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
  };
  const take = (option) => { current = option; field.value = option?.text.text ?? ""; show(false); choose(option); };

  const fill = (found) => {
    if (!found.length) { tell("Nothing found"); return; }
    let group = null;
    list.replaceChildren(...found.flatMap((option) => {
      const head = option.group && option.group !== group ? [h("li.group", { role: "presentation" }, option.group)] : [];
      group = option.group;
      const { group: _, ...plainOption } = option;
      return [...head, h("li", { role: "option", id: unique("option"), "aria-selected": "false", onpointerdown: (e) => { e.preventDefault(); take(plainOption); } },
        ...plain(option.text.text), option.description && h("span.more", {}, ...plain(option.description.text)))];
    }));
    list.options = found.map(({ group: _, ...option }) => option);
    show(true);
  };

  const search = () => {
    clearTimeout(timer);
    if (field.value.length < least) { tell(`Type at least ${least} ${least === 1 ? "letter" : "letters"}`); return; }
    timer = setTimeout(async () => {
      const mine = ++asked;
      tell("Searching …");
      const found = await ask(field.value);
      if (mine === asked && document.activeElement === field) fill(found);
    }, WAIT);
  };

  field.addEventListener("input", () => { if (current) { current = null; choose(null); } search(); });
  field.addEventListener("focus", () => { if (!current && list.hidden) search(); });
  field.addEventListener("blur", () => { clearTimeout(timer); asked += 1; show(false); if (!current) field.value = ""; });
  field.addEventListener("keydown", (event) => {
    const count = rows().length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) search();
      else if (count) mark((active + (event.key === "ArrowDown" ? 1 : count - (active < 0 ? 0 : 1))) % count);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      if (active >= 0) take(list.options[active]);
    } else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); show(false); }
  });
  return h("div.finder", {}, field, list);
}
