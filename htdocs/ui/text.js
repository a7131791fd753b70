/**
 * Texts in the person's language. A language file exports `dir` and `texts`: strings by key, with {name} for inserted
 * values; where a number decides, an object of forms by plural category ('one', 'few', 'other' …), chosen by {count}.
 *
 * @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Texts
 * @typedef {{
 *   lang: string, tag: string, dir: 'ltr' | 'rtl', t: (key: string, values?: Record<string, string | number>) => string
 * }} Language
 */
const FILES = {
  en: () => import('../lang/en.js'), de: () => import('../lang/de.js'), ar: () => import('../lang/ar.js'),
};
export const LANGUAGES = Object.keys(FILES);

/**
 * Loads the first available one of the wanted languages, or of the browser's if none is named. English is the fallback
 * for missing languages and keys.
 * @param {...(string | null | undefined)} wanted as in lang attributes
 * @returns {Promise<Language>}
 */
export async function loadLanguage(...wanted) {
  const tags = [...wanted.filter(Boolean),
    ...globalThis.navigator?.languages ?? []].map((tag) => /** @type {string} */ (tag).toLowerCase().split('-')[0]);
  const lang = /** @type {keyof FILES} */ (tags.find((tag) => LANGUAGES.includes(tag)) ?? 'en');
  const english = FILES.en(), [base, own] = await Promise.all([english, FILES[lang]().catch(() => english)]);
  // The browser's own variant, if any: en-GB, de-AT. It decides the format of dates and numbers.
  const tag = [...wanted,
    ...globalThis.navigator?.languages ?? []]
      .find((one) => one?.toLowerCase().split('-')[0] === lang && one.includes('-')) ?? lang;
  return language(lang, own.dir, { ...base.texts, ...own.texts }, tag);
}

/**
 * @param {string} lang @param {'ltr' | 'rtl'} dir @param {Texts} texts @param {string} [tag]
 * @returns {Language}
 */
export function language(lang, dir, texts, tag = lang) {
  const plural = new Intl.PluralRules(lang), numbers = new Intl.NumberFormat(tag);
  const written = (/** @type {string | number} */ value) =>
    (typeof value === 'number' ? numbers.format(value) : isolated(value));
  const t = (/** @type {string} */ key, /** @type {Record<string, string | number>} */ values = {}) => {
    const text = texts[key] ?? key;
    const form = typeof text === 'string' ? text : text[plural.select(Number(values.count))] ?? text.other ?? key;
    return form.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(written(values[name])) : whole));
  };
  return { lang, tag, dir, t };
}

/**
 * Puts text that may run in the other direction between isolates, so the text around it keeps its order.
 * @param {string} text
 */
function isolated(text) {
  return /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/.test(text)
    ? `\u2068${text}\u2069` : text;
}
