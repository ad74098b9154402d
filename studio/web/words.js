/** Numbers and times in words. */

/** A number of [-1, 1] with its sign; a dash where there is none. */
export function signed(value, digits = 2) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value).toFixed(digits);
  if (Number(size) === 0) return size;
  return (value < 0 ? "−" : "+") + size;
}

/** A whole number with separators. */
export function count(value) {
  return Math.round(value).toLocaleString("en");
}

/** A number of things. */
export function plural(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Dollars as the server writes them: `unknown` is not 0. */
export function dollars(usd) {
  return usd === "unknown" ? "unknown" : `${usd} USD`;
}

/** A number of dollars, small ones with two digits that count. */
export function money(value) {
  if (value === null || value === undefined) return "unknown";
  if (value === 0) return "0 USD";
  return `${value >= 0.01 ? value.toFixed(4) : Number(value.toPrecision(2))} USD`;
}

/** How long, in its two largest units. */
export function lasting(seconds) {
  if (seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A moment of Unix time, here and now. */
export function moment(unix) {
  return new Date(unix * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/** What a phase is called. */
export const PHASES = { propose: "propose", review: "review", synthesize: "final text" };

/** What a state is called. */
export const STATES = {
  running: "at work",
  waiting: "waits for you",
  finished: "finished",
  failed: "failed",
  cancelled: "cancelled",
  open: "interrupted",
};
