/** Times in the reader's own zone and language, by Slack's date tokens. */

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const SECONDS = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DATE = format({ day: "numeric", month: "long", year: "numeric" });
const LONG = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const SHORT = format({ day: "numeric", month: "short", year: "numeric" });
const NUMBER = format({ day: "2-digit", month: "2-digit", year: "numeric" });

export const clock = (ts) => CLOCK.format(new Date(Number(ts) * 1000));
export const whole = (ts) => `${LONG.format(new Date(Number(ts) * 1000))}, ${SECONDS.format(new Date(Number(ts) * 1000))}`;
export const iso = (ts) => new Date(Number(ts) * 1000).toISOString();

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

export function day(date) {
  const distance = Math.round((midnight(date) - midnight(new Date())) / 86_400_000);
  return { 0: "today", 1: "tomorrow", [-1]: "yesterday" }[distance] ?? null;
}

export function dayTitle(ts) {
  const date = new Date(Number(ts) * 1000);
  const word = day(date);
  return word ? word[0].toUpperCase() + word.slice(1) : DATE.format(date);
}

function ago(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  const [unit, size] = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]].find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  return relative.format(Math.round(seconds / size), unit);
}

/** `<!date^ts^format^link|fallback>`; the fallback where the time cannot be read. */
export function slackDate(ts, pattern, fallback) {
  const date = new Date(Number(ts) * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  const pretty = (formatter) => day(date) ?? formatter.format(date);
  const tokens = {
    date_num: () => NUMBER.format(date), date_slash: () => NUMBER.format(date), date: () => DATE.format(date),
    date_short: () => SHORT.format(date), date_long: () => LONG.format(date), date_pretty: () => pretty(DATE),
    date_short_pretty: () => pretty(SHORT), date_long_pretty: () => pretty(LONG), date_full: () => LONG.format(date),
    time: () => CLOCK.format(date), time_secs: () => SECONDS.format(date), ago: () => ago(date),
  };
  const text = pattern.replace(/\{(\w+)\}/g, (all, name) => tokens[name]?.() ?? all);
  return text[0].toUpperCase() + text.slice(1);
}
