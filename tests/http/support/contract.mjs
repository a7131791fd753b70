// Checks transmitted data against docs/asyncapi.yaml and docs/openapi.yaml. client.mjs passes it every frame and every
// answer.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const docs = path.resolve(import.meta.dirname, '../../../docs');
const read = (name) => parse(readFileSync(path.join(docs, name), 'utf8'));
export const asyncapi = read('asyncapi.yaml');
export const openapi = read('openapi.yaml');

const pointer = (...steps) =>
  `#/${steps.map((step) => encodeURIComponent(`${step}`.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

/** The same document with open objects, for an operator's extensions. */
function opened(node) {
  if (Array.isArray(node)) return node.map(opened);
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(Object.entries(node)
    .filter(([key, value]) => key !== 'additionalProperties' || value !== false)
    .map(([key, value]) => [key, opened(value)]));
}

export class Contract {
  // faster to compile; there is little to check
  #ajv = new Ajv({ strict: false, validateSchema: false, inlineRefs: false, code: { optimize: false } });
  #extended;

  /**
   * @param {{extended?: boolean}} options extended: the operator's own dispatches and fields pass; confab's own are
   * still checked
   */
  constructor({ extended = false } = {}) {
    this.#extended = extended;
    for (const [name, doc] of Object.entries({ 'asyncapi.yaml': asyncapi, 'openapi.yaml': openapi }))
      this.#ajv.addSchema(extended ? opened(doc) : doc, name);
    // Compile now rather than in the middle of a test, which may be waiting for something else.
    for (const name of Object.keys(asyncapi.components.messages))
      this.#check('asyncapi.yaml', ['components', 'messages', name, 'payload']);
  }

  #check(file, steps) {
    return this.#ajv.getSchema(`${file}${pointer(...steps)}`);
  }

  #fails(file, steps, value) {
    const check = this.#check(file, steps);
    if (check(value)) return null;
    // Of the alternatives of a oneOf, the one that matched furthest gives the best error.
    const [worst] = check.errors.toSorted?.((a, b) => b.instancePath.length - a.instancePath.length) ?? check.errors;
    return `${worst.instancePath || '/'} `
      + `${worst.message}${worst.params.additionalProperty ? ` (${worst.params.additionalProperty})` : ''}`;
  }

  /**
   * A frame of a stream, or an answer to a command: throws, with the dispatch and the path, unless it is as documented.
   */
  frame(frame) {
    const name = frame?.eventType
      ?? (frame?.error !== undefined ? 'error' : frame?.status !== undefined ? 'success'
        : frame?.message === undefined ? undefined : frame.seq !== undefined ? 'thin' : 'talk');
    const known = name !== undefined && Object.hasOwn(asyncapi.components.messages, name);
    if (!known && this.#extended && frame?.eventType) return;
    const why = known ? this.#fails('asyncapi.yaml', ['components', 'messages', name, 'payload'], frame)
      : 'is not documented';
    if (why)
      throw new Error(
        `${name ?? 'a frame'} is not as in docs/asyncapi.yaml: ${why}; it was ${JSON.stringify(frame).slice(0, 2000)}`);
  }

  /** An HTTP answer. place: the path after the mount point. body: parsed, when it is JSON. */
  answer(method, place, status, body) {
    if (body === undefined) return;
    if (body?.eventType || body?.error !== undefined) {
      this.frame(body);
      return;
    }
    place = place.replace(/(?<=^(?:messages|api\/v1\/message)\/)[^/]+/, '{id}');
    const operation = openapi.paths[`/${place}`]?.[method.toLowerCase()];
    const response = operation?.responses[status];
    if (!operation) return;
    const [where, why] = [`${method} ${place} ${status}`, response ? null : 'is not documented'];
    const steps = response?.$ref ? response.$ref.slice(2).split('/')
      : ['paths', `/${place}`, method.toLowerCase(), 'responses', status];
    const failure = why ?? this.#fails('openapi.yaml', [...steps, 'content', 'application/json', 'schema'], body);
    if (failure)
      throw new Error(
        `${where} is not as in docs/openapi.yaml: ${failure}; it was ${JSON.stringify(body).slice(0, 2000)}`);
  }

  /** Whether a command is one that is documented, and its parameters are; else what is wrong. */
  command(command) {
    if (!Object.hasOwn(asyncapi.components.messages, `command.${command.event_type}`)) return 'is not documented';
    return this.#fails('asyncapi.yaml', ['components', 'messages', `command.${command.event_type}`, 'payload'],
      command);
  }
}
