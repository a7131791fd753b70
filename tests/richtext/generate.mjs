// Hostile HTML from a seed: the same seed gives the same inputs. Each family aims at one way in which sanitisers were
// defeated.

/** Numbers in [0, 1) (mulberry32). */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const OURS = ['b', 'i', 's', 'strong', 'em', 'code', 'a', 'span', 'p', 'pre', 'blockquote', 'ul', 'ol', 'li', 'br'];
const RAW = ['script', 'style', 'xmp', 'iframe', 'noembed', 'noframes', 'noscript', 'plaintext', 'textarea', 'title'];
const FOREIGN = ['svg', 'math', 'mtext', 'mi', 'mo', 'ms', 'mglyph', 'malignmark', 'annotation-xml', 'desc',
  'foreignObject', 'use',
  'animate', 'set', 'maction'];
const SCOPES = ['table', 'caption', 'colgroup', 'tbody', 'tr', 'td', 'th', 'select', 'option', 'optgroup', 'form',
  'button', 'template',
  'object', 'marquee', 'applet', 'nobr', 'font', 'frameset', 'html', 'head', 'body', 'div', 'h1', 'listing',
  'dl', 'dd', 'dt',
  'details', 'summary', 'ruby', 'rb', 'rt', 'dialog', 'input', 'img', 'image', 'hr', 'base', 'link', 'meta', 'embed',
  'x-y', 'o:p'];
const ELEMENTS = [...OURS, ...OURS, ...OURS, ...RAW, ...FOREIGN, ...SCOPES];

/** Payloads that would run a script or send a request if they passed. */
const PAYLOADS = ['<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '<svg onload=alert(1)>',
  '<a href="javascript:alert(1)">y</a>',
  '<iframe src="javascript:alert(1)"></iframe>', '<style>@import "/asked"</style>', '<img src=/asked>',
  '<b onmouseover=alert(1)>z</b>',
  '<details open ontoggle=alert(1)>', '<link rel=stylesheet href=/asked>', '<object data=/asked></object>',
  '<input autofocus onfocus=alert(1)>',
  '<base href=//asked.invalid/>', '<form id=f><input name=parentNode></form>',
  '<video><source onerror=alert(1)></video>'];
const WORDS = ['x', 'tea', 'a < b', 'c > d', 'R&D', '"quoted"', "it's", 'é', '漢字', '👍🏽', ' ', '\n', '\t', '',
  'I <3 you', '1<2>3', '</3'];
const REFERENCES = ['&lt;', '&gt;', '&amp;', '&quot;', '&apos;', '&nbsp;', '&Tab;', '&NewLine;', '&colon;', '&lpar;',
  '&#60;', '&#x3c;', '&#X3E',
  '&#34', '&lt', '&amp', '&ampamp;', '&notit;', '&notin;', '&#0;', '&#128;', '&#xd800;', '&#13;', '&#x110000;',
  '&#9999999999;', '&#', '&#x;',
  '&;', '&', '&&', '&CounterClockwiseContourIntegral;', '&bne;', '&fjlig;', '&amp;lt;', '&amp;#60;',
  '&lt;img src=x onerror=alert(1)&gt;'];
const CONTROLS = ['\x01', '\x08', '\x0b', '\x0c', '\x1b', '\x1f', '\x7f', '\u0080', '\u009f', '\u00a0', '\u00ad',
  '\u200b', '\u200d', '\u2028',
  '\u202e', '\u2066', '\u2069', '\ufeff', '\ufffd', '\ufffe', '\u{1f3f4}\u{e0067}\u{e007f}', '\u{10ffff}', '\r', '\r\n',
  'ſ', 'K'];
const BREAKS = ['<!--', '-->', '--!>', '<!-->', '<!--->', '--', '<![CDATA[', ']]>', '<!', '<?', '<?xml?>',
  '<!doctype html>', '</', '</>', '</ p>',
  '<', '>', '/>', '"', "'", '`', '=', '/', '<<', '<a', '<p ', '<b/', '</b', '<a href="', "<a title='", '<a title=',
  '\\', '${', '{{', ']]'];
const SCHEMES = ['javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', 'java\tscript:alert(1)',
  'java\nscript:alert(1)',
  '\x01javascript:alert(1)', 'javascript&colon;alert(1)', '&#106;avascript:alert(1)', '&#x6A&#x61vascript:alert(1)',
  'java&Tab;script:alert(1)',
  'javascript :alert(1)', 'data:text/html,<script>alert(1)</script>', 'vbscript:x', 'blob:x', 'file:///x',
  'feed:javascript:alert(1)',
  'view-source:x', 'http://ok.example/', 'HTTPS://ok.example/?a=1&b=2&amp;c=3&copy=4&copy;', 'mailto:a@b.example',
  '//ok.example', '/x', 'x y',
  '#f', '?q', '', 'a:b', 'a/b:c', 'x&y', 'x<y', 'http&colon;//x', 'http:x', '\\\\x', '\u00a0javascript:alert(1)',
  'ſcript:x', '&notin:x'];
const ATTRIBUTES = ['href', 'HREF', 'title', 'target', 'class', 'id', 'style', 'onclick', 'onerror', 'src',
  'xlink:href', 'name', 'is', 'slot',
  'rel', 'data-x', 'xmlns', '"', "'", '<b', '=', 'href/', 'título', 'on\u00a0x', 'formaction', 'srcdoc', 'action',
  'background', 'ping'];

function family(next) {
  const pick = (list) => list[Math.floor(next() * list.length)];
  const chance = (p) => next() < p;
  const upTo = (n) => Math.floor(next() * (n + 1));
  const repeat = (n, make) => Array.from({ length: n }, make).join('');
  const oddCase = (name) => chance(0.1) ? [...name].map((c) => chance(0.5) ? c.toUpperCase() : c).join('') : name;

  function value() {
    const text = chance(0.5) ? pick(SCHEMES)
      : repeat(1 + upTo(2),
        () => pick([pick(WORDS), pick(REFERENCES), pick(PAYLOADS), pick(CONTROLS), '_blank', '_self']));
    if (chance(0.05)) return pick([`"${text}`, `'${text}"`, `${text}"`]);
    return pick([`"${text}"`, `"${text}"`, `'${text}'`, text, `\`${text}\``]);
  }
  const attribute = () =>
    pick([' ', ' ', '\n', '/', '\t', '', '  ']) + pick(ATTRIBUTES)
      + (chance(0.85) ? pick(['=', '=', ' = ', '=\n']) + value() : '');
  const start = (name = pick(ELEMENTS)) =>
    `<${oddCase(name)}${chance(0.3) ? repeat(1 + upTo(3), attribute) : ''}`
      + (chance(0.03) ? '' : pick(['>', '>', '>', '/>', ' >']));
  const end = (name = pick(ELEMENTS)) =>
    `</${oddCase(name)}${chance(0.03) ? '' : pick(['>', '>', '>', ' >', ' x=y>', '/>'])}`;
  const inner = () =>
    pick([pick(WORDS), pick(WORDS), pick(WORDS), pick(REFERENCES), pick(PAYLOADS), pick(BREAKS), pick(CONTROLS)]);

  /** Well nested markup of any elements. */
  function tree(depth, names = ELEMENTS) {
    if (depth === 0 || chance(0.2)) return inner();
    const name = pick(names);
    return start(name) + repeat(upTo(3), () => tree(depth - 1, names)) + (chance(0.85) ? end(name) : '');
  }
  /** Our elements opened and closed in any order. */
  const misnested = () =>
    repeat(4 + upTo(24), () => pick([() => start(pick(OURS)), () => `</${pick(OURS)}>`, () => pick(WORDS)])());
  const soup = () => repeat(4 + upTo(24), () => pick([start, end, inner, attribute, () => pick(BREAKS)])());

  /** Text that is raw or not depending on its context. */
  function rawText() {
    const raw = pick(RAW);
    const hidden = pick([`</${raw}>`, `<!--</${raw}>`, `--></${raw}>`, `</${raw} x="`, `]]></${raw}>`, ''])
      + pick(PAYLOADS);
    return `${pick(['', `<${pick(FOREIGN)}>`, '<select>', '<template>', '<p>'])}<${raw}>`
      + `${chance(0.5) ? `<a title="${hidden}">` : hidden}${chance(0.5) ? `</${raw}>` : ''}`;
  }
  /**
   * Foreign content whose namespace flips on a second reading: root, integration point back to HTML, an element that is
   * moved out, raw text.
   */
  function flip() {
    const moved = pick(['<table>', '<table><tr>', '<p>', '</p>', '</br>', '<li>', '<form>', '<b><p>', '<select>',
      '<a><p><a>', '<nobr><nobr>', '']);
    return [
      pick(['', '<form>', '<p>', '<div>']), `<${pick(['svg', 'math'])}>`,
      pick(['<mtext>', '<mi>', '<desc>', '<foreignObject>', '<title>', '<annotation-xml encoding="text/html">', '</p>',
        '</br>', '']),
      moved, pick(['<mglyph>', '<malignmark>', '<svg>', '<math>', '']),
      pick(['<style>', '<title>', '<xmp>', '<noscript>', '<textarea>', '<!--', '<![CDATA[', '']),
      pick(['', '<!--', '</style>', '</math>', '</svg>', `<a id="</${pick(RAW)}>`, '<path id="']), pick(PAYLOADS),
      pick(['', '-->', ']]>', '">', '</form>']),
    ].join('');
  }
  /** Comments and similar markup. */
  const comments = () =>
    repeat(2 + upTo(8),
      () => pick([pick(BREAKS.slice(0, 17)), pick(BREAKS.slice(0, 17)), pick(WORDS), pick(PAYLOADS)]));
  const links = () =>
    repeat(1 + upTo(3), () => `<a${repeat(1 + upTo(4), attribute)}>${pick(WORDS)}${pick(['</a>', '</a>', ''])}`);
  const references = () =>
    repeat(2 + upTo(12),
      () => pick([pick(REFERENCES), pick(REFERENCES), pick(WORDS), `&${pick(WORDS)};`, `&#${upTo(70000)};`, '<b>',
        '</b>']));
  const controls = () => [...soup()].map((c) => chance(0.15) ? c + pick(CONTROLS) : c).join('');
  /** Few pieces, many times over: depth, formatting lists, attributes. */
  function runs() {
    const piece = repeat(1 + upTo(3), () => pick([start, end, inner, () => `<${pick(OURS)}>`])());
    return soup() + piece.repeat(1 + upTo(Math.floor(3000 / (piece.length + 1)))) + soup();
  }
  /** Damaged input of another family. */
  function damaged() {
    const text = [...pick([() => tree(5), flip, rawText, links])()];
    for (let n = 1 + upTo(4); n > 0 && text.length > 0; n--) {
      const at = upTo(text.length - 1);
      pick([() => text.splice(at, 1), () => text.splice(at, 0, text[upTo(text.length - 1)]),
        () => text.splice(at, 0, pick(BREAKS)), () => text.splice(at)])();
    }
    return text.join('');
  }
  const ordinary = () => tree(4, OURS);
  return [() => tree(6), misnested, soup, rawText, flip, comments, links, references, controls, runs, damaged,
    ordinary];
}

/** `count` inputs without NUL and lone surrogates, of each family in turn. */
export function generate(seed, count) {
  const families = family(random(seed));
  return Array.from({ length: count }, (_, i) => families[i % families.length]().toWellFormed().replaceAll('\0', ''));
}

/** The bare payloads, which show that the traps work. */
export const payloads = PAYLOADS;
