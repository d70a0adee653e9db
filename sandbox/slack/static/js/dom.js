/** Making elements. Texts only ever become text nodes, so nothing foreign becomes markup. */

export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in PROPERTIES) element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
  return element;
}

const PROPERTIES = { value: 1, checked: 1, selected: 1, disabled: 1, htmlFor: 1, required: 1 };

/** Makes `parent` hold one node per item, keeping those whose content did not change. */
export function keep(parent, items, { key, make }) {
  const before = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focus = focused(parent);
  const wanted = items.map((item) => {
    const name = key(item);
    const content = JSON.stringify(item);
    const old = before.get(name);
    if (old && old.content === content) return old;
    const node = make(item, old !== undefined);
    node.dataset.key = name;
    node.content = content;
    return node;
  });
  wanted.forEach((node, n) => {
    if (parent.children[n] !== node) parent.insertBefore(node, parent.children[n] ?? null);
  });
  while (parent.children.length > wanted.length) parent.lastChild.remove();
  if (focus) restore(parent, focus);
}

/** Where the focus is inside `parent`, so that drawing it anew does not lose it. */
export function focused(parent) {
  const active = document.activeElement;
  if (!active || active === parent || !parent.contains(active)) return null;
  const place = active.closest("[data-place]");
  return { place: place?.dataset.place, start: active.selectionStart ?? null };
}

export function restore(parent, { place, start }) {
  if (!place || parent.contains(document.activeElement)) return;
  const again = [...parent.querySelectorAll("[data-place]")].find((e) => e.dataset.place === place);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (start !== null && again.setSelectionRange && again.type !== "number" && again.type !== "email") {
    again.setSelectionRange(start, start);
  }
}

let last = 0;
export const unique = (prefix) => `${prefix}-${++last}`;
