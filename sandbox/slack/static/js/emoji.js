/** The emoji that the page can draw; any other shows as :name:. */

export const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", lock: "🔒", unlock: "🔓",
  key: "🔑", hourglass: "⌛", hourglass_flowing_sand: "⏳", rocket: "🚀", eyes: "👀", bell: "🔔",
  information_source: "ℹ️", rotating_light: "🚨", arrow_right: "➡️", arrow_left: "⬅️", tada: "🎉",
  large_green_circle: "🟢", red_circle: "🔴", white_circle: "⚪", large_yellow_circle: "🟡",
  black_circle: "⚫", large_blue_circle: "🔵", no_entry: "⛔", shield: "🛡️", mag: "🔍", link: "🔗",
  globe_with_meridians: "🌐", clock3: "🕒", stopwatch: "⏱️", wave: "👋", "+1": "👍", bulb: "💡",
  leftwards_arrow_with_hook: "↩️", double_vertical_bar: "⏸️", black_square_for_stop: "⏹️",
};
