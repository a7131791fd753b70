/**
 * The look of the widget. Everything that a site may want to change is a custom property of its own: docs/widget.md
 * lists them.
 */
const STYLE = /* lengths in rem are of the person's own size: a site may have set that of its root to anything */ `
:host {
  --paper: var(--confab-paper, #fff); --ink: var(--confab-ink, #23221f); --soft: var(--confab-soft, #5f5b52);
    --line: var(--confab-line, #dcd7cc);
  --accent: var(--confab-accent, #28604f); --accent-ink: var(--confab-accent-ink, #fff);
    --mine: var(--confab-mine, #dcebe4);
  --theirs: var(--confab-theirs, #f3f0ea); --warn: var(--confab-warn, #9b2c1f); --focus: var(--confab-focus, #b3641c);
  --radius: var(--confab-radius, 14px); --rem: var(--confab-size, var(--confab-person-size));
  font-size: medium; --confab-person-size: 1em;
  color-scheme: light; display: block; height: var(--confab-height, 32rem); color: var(--ink);
  text-align: start; letter-spacing: normal; text-transform: none;
}
/* Not on the host: its font size is what the lengths are made of. */
.frame { font: var(--confab-font, 1rem/1.45 system-ui, "Noto Sans", "DejaVu Sans", sans-serif); }
:host([theme="dark"]) {
  --paper: var(--confab-paper, #232524); --ink: var(--confab-ink, #ecebe6); --soft: var(--confab-soft, #b0aea6);
    --line: var(--confab-line, #414543);
  --accent: var(--confab-accent, #7cc4ab); --accent-ink: var(--confab-accent-ink, #10201a);
    --mine: var(--confab-mine, #24453a);
  --theirs: var(--confab-theirs, #303432); --warn: var(--confab-warn, #ff9c8a); --focus: var(--confab-focus, #e5a263);
    color-scheme: dark;
}
@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"])) {
    --paper: var(--confab-paper, #232524); --ink: var(--confab-ink, #ecebe6); --soft: var(--confab-soft, #b0aea6);
      --line: var(--confab-line, #414543);
    --accent: var(--confab-accent, #7cc4ab); --accent-ink: var(--confab-accent-ink, #10201a);
      --mine: var(--confab-mine, #24453a);
    --theirs: var(--confab-theirs, #303432); --warn: var(--confab-warn, #ff9c8a);
      --focus: var(--confab-focus, #e5a263); color-scheme: dark;
  }
}
:host([hidden]), [hidden] { display: none !important; }
:host([mode="floating"]) { height: auto; position: fixed; inset-block-end: var(--confab-offset, 1.25rem);
  inset-inline-end: var(--confab-offset, 1.25rem); z-index: var(--confab-z, 1000); }
* { box-sizing: border-box; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; border-radius: calc(var(--radius) * .6); min-height: 2.5rem;
  padding: .3rem .7rem; }
button.solid { background: var(--accent); color: var(--accent-ink); font-weight: 600; }
button.solid:hover { filter: brightness(1.1); }
button.plain { color: var(--accent); }
button.plain:hover { text-decoration: underline; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 1px; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
svg { display: block; width: 1.4rem; height: 1.4rem; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round; }

.frame { height: 100%; position: relative; }
.panel { display: flex; flex-direction: column; height: 100%; min-height: 0; background: var(--paper);
  border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; }
:host([mode="floating"]) .frame { display: flex; flex-direction: column; align-items: flex-end; gap: .75rem; }
:host([mode="floating"]) .panel { width: min(var(--confab-width, 23rem), calc(100vw - 2.5rem));
  height: min(var(--confab-height, 34rem), calc(100dvh - 7rem)); box-shadow: 0 .6rem 2.2rem rgb(0 0 0 / .22); }
.launcher { position: relative; display: grid; place-items: center; width: 3.5rem; height: 3.5rem; padding: 0;
  border-radius: 50%; background: var(--accent); color: var(--accent-ink); box-shadow: 0 .3rem 1rem rgb(0 0 0 / .25); }
.launcher svg { width: 1.8rem; height: 1.8rem; }
.launcher:hover { filter: brightness(1.1); }
.launcher .badge { position: absolute; inset-block-start: -.25rem; inset-inline-end: -.25rem; background: var(--warn);
  color: var(--paper); }
.badge { min-width: 1.5em; padding: 0 .4em; border-radius: 1em; background: var(--accent); color: var(--accent-ink);
  font-size: .8rem; font-weight: 600; text-align: center; }

header { display: flex; align-items: center; gap: .25rem; min-height: 3.25rem; padding: .25rem .5rem;
  border-bottom: 1px solid var(--line); }
header h2 { flex: 1; min-width: 0; margin: 0 .4rem; font-size: 1.05rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
header button { padding: .3rem .5rem; color: var(--soft); }
[dir="rtl"] .mirror svg { transform: scaleX(-1); }
.status { margin: 0; padding: .3rem .9rem; background: var(--theirs); color: var(--soft); font-size: .85rem; }
.status:empty { padding: 0; } /* it stays, so that what comes is announced */
.status a { color: var(--accent); }
.empty { margin: auto; padding: 1rem; color: var(--soft); }

ul, ol, .messages { list-style: none; margin: 0; padding: .5rem; overflow-y: auto; flex: 1; min-height: 0; }
.rooms button { display: grid; grid-template-columns: 1fr auto; gap: 0 .5rem; width: 100%; padding: .5rem .6rem;
  text-align: start; }
.rooms button:hover { background: var(--theirs); }
.rooms .name, .rooms .last { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.rooms .name { font-weight: 600; }
.rooms .last { grid-column: 1; color: var(--soft); font-size: .9rem; }
.rooms time { color: var(--soft); font-size: .8rem; }
.rooms .badge { justify-self: end; align-self: center; }

.room { position: relative; display: flex; flex-direction: column; flex: 1; min-height: 0; }
.messages { display: flex; flex-direction: column; gap: .3rem; padding: .8rem; overflow-wrap: anywhere; }
.messages > :first-child { margin-block-start: auto; }
.messages .older { align-self: center; }
.messages .message { max-width: 85%; align-self: flex-start; padding: .4rem .75rem;
  border-radius: var(--radius) var(--radius) var(--radius) .25rem; background: var(--theirs); }
[dir="rtl"] .messages .message { border-radius: var(--radius) var(--radius) .25rem var(--radius); }
.messages .mine { align-self: flex-end; background: var(--mine);
  border-radius: var(--radius) var(--radius) .25rem var(--radius); }
[dir="rtl"] .messages .mine { border-radius: var(--radius) var(--radius) var(--radius) .25rem; }
.messages .queued, .messages .sending { opacity: .7; }
.sender { font-weight: 600; font-size: .85rem; color: var(--accent); }
.content { white-space: pre-wrap; }
.content p { margin: .2em 0; }
.content ul, .content ol { padding: 0 1.4em; overflow: visible; list-style: revert; white-space: normal; }
.content a, .attachment { color: var(--accent); }
.rest { min-height: 1.8rem; padding: 0 .4rem; color: var(--accent); text-decoration: underline; }
.quote { border-inline-start: 3px solid var(--accent); padding-inline-start: .5rem; color: var(--soft);
  font-size: .85rem; max-height: 3em; overflow: hidden; }
.meta { text-align: end; font-size: .75rem; color: var(--soft); }
.reactions { font-size: .85rem; }
.problem { color: var(--warn); font-size: .85rem; }
.problem button { min-height: 1.8rem; padding: 0 .4rem; color: var(--warn); text-decoration: underline; }
.jump { position: absolute; inset-block-end: 6.5rem; inset-inline: 0; margin: auto; width: fit-content;
  box-shadow: 0 .2rem .8rem rgb(0 0 0 / .25); }
.typing { min-height: 1.5rem; margin: 0; padding: 0 .9rem; color: var(--soft); font-size: .85rem; }
form { display: flex; align-items: flex-end; gap: .5rem; padding: .6rem; border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; resize: none; field-sizing: content; min-height: 2.5rem; max-height: 8rem;
  padding: .45rem .7rem; background: var(--paper); border: 1px solid var(--soft);
  border-radius: calc(var(--radius) * .7); }
form button { display: grid; place-items: center; padding: .3rem .75rem; }
@media (prefers-reduced-motion: no-preference) {
  .panel, .messages .message { animation: arrive .16s ease-out; }
  @keyframes arrive { from { transform: translateY(.4rem); opacity: 0; } }
}
@media (forced-colors: active) {
  .panel, .messages .message, .badge, .launcher { border: 1px solid; }
}
`;

/** The text size that the person has chosen, as a length that is the same in the whole widget. */
function knowSize() {
  try {
    globalThis.CSS
      .registerProperty({ name: '--confab-person-size', syntax: '<length>', inherits: true, initialValue: '16px' });
  } catch {
    // The property is registered already.
  }
}

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** One style sheet for all widgets of a page; not a style element, which a Content-Security-Policy might block. */
export function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE.replace(/([\d.]+)rem\b/g, 'calc($1 * var(--rem))'));
    knowSize();
  }
  return sheet;
}
