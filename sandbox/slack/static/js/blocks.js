/** Blocks as nodes. `context` says where they stand and what acting on them does. */

import { h } from "./dom.js";
import { control } from "./controls.js";
import { plain, text } from "./mrkdwn.js";
import { markdown, richText } from "./richtext.js";
import { input } from "./inputs.js";

const picture = (image) => h("img", { src: image.image_url ?? image.slack_file?.url, alt: image.alt_text, loading: "lazy" });

function section(block, context) {
  const beside = block.accessory && (block.accessory.type === "image" ? picture(block.accessory) : control(block, block.accessory, context));
  return h("div.b-section", {},
    text(block.text),
    beside && h("div.beside", {}, beside),
    block.fields && h("div.fields", {}, ...block.fields.map((field) => text(field))));
}

function table(block) {
  const settings = block.column_settings ?? [];
  const [head, ...rows] = block.rows;
  const cell = (tag) => (each, n) => {
    const align = settings[n]?.align ?? "left";
    const classes = [align !== "left" && align, settings[n]?.is_wrapped && "wrapped"].filter(Boolean);
    const content = each.type === "rich_text" ? richText(each) : String(each.text ?? each.value ?? "");
    return h([tag, ...classes].join("."), tag === "th" ? { scope: "col" } : {}, content);
  };
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", {},
      h("thead", {}, h("tr", {}, ...head.map(cell("th")))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map(cell("td")))))));
}

const KINDS = {
  section,
  table,
  input,
  rich_text: richText,
  markdown: (block) => markdown(block.text),
  header: (block) => h("h3.b-header", {}, ...plain(block.text.text)),
  divider: () => h("hr.b-divider"),
  context: (block) => h("div.b-context", {}, ...block.elements.map((e) => (e.type === "image" ? picture(e) : text(e)))),
  actions: (block, context) => h("div.b-actions", {}, ...block.elements.map((e) => control(block, e, context))),
  image: (block) => h("figure.b-image", {}, block.title && h("figcaption", {}, ...plain(block.title.text)), picture(block)),
};

export function blocks(list, context) {
  return h("div.blocks", {}, ...list.map((block) => KINDS[block.type]?.(block, context) ?? h("p.b-unknown", {}, `This page cannot draw a block of type ${block.type}.`)));
}
