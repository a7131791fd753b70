const DAY = 86_400_000; // ms

/** Dates, numbers and sizes in the format of a language. */
export class Formats {
  /** @param {string} tag of the language and its variant */
  constructor(tag) {
    const date = (/** @type {Intl.DateTimeFormatOptions} */ options) => new Intl.DateTimeFormat(tag, options);
    this.clock = date({ hour: 'numeric', minute: '2-digit' });
    this.weekday = date({ weekday: 'short' });
    this.shortDay = date({ day: 'numeric', month: 'short' });
    this.longDay = date({ weekday: 'long', day: 'numeric', month: 'long' });
    this.fullDay = date({ day: 'numeric', month: 'long', year: 'numeric' });
    this.full = date({ dateStyle: 'full', timeStyle: 'short' });
    this.medium = date({ dateStyle: 'medium', timeStyle: 'short' });
    this.numbers = new Intl.NumberFormat(tag);
    this.relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
    this.names = new Intl.ListFormat(tag, { type: 'conjunction' });
    this.order = new Intl.Collator(tag).compare;
  }

  /** @param {string} moment */
  time(moment) {
    return this.clock.format(new Date(moment));
  }

  /** For a list: the time if it is today, else the day. @param {string} moment */
  when(moment) {
    const date = new Date(moment), days = daysAgo(date);
    return (days === 0 ? this.clock : days < 7 ? this.weekday : this.shortDay).format(date);
  }

  /** For the heading over the messages of a day. @param {string} moment */
  day(moment) {
    const date = new Date(moment), days = daysAgo(date);
    if (days < 2) return sentence(this.relative.format(-days, 'day'));
    return (days < 300 ? this.longDay : this.fullDay).format(date);
  }

  /** How long ago, roughly. @param {string} moment */
  ago(moment) {
    const seconds = (Date.now() - Date.parse(moment)) / 1000;
    if (seconds < 3600) return this.relative.format(-Math.round(seconds / 60), 'minute');
    if (seconds < 86_400) return this.relative.format(-Math.round(seconds / 3600), 'hour');
    return this.relative.format(-Math.round(seconds / 86_400), 'day');
  }

  /** @param {number} bytes */
  size(bytes) {
    const power = bytes < 1000 ? 0 : bytes < 1e6 ? 1 : 2;
    return `${this.numbers.format(Math.round(bytes / 1000 ** power * 10) / 10)} ${['B', 'kB', 'MB'][power]}`;
  }
}

/** @param {Date} date */
function daysAgo(date) {
  const midnight = (/** @type {Date} */ of) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  return Math.round((midnight(new Date()) - midnight(date)) / DAY);
}

/** @param {string} text */
function sentence(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
