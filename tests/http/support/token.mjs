// Tokens like those of a host application, and the files of keys that confab checks them with.
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, chmodSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A folder that the programs, which run as another user, may read and write. */
export function openFolder(name) {
  const folder = mkdtempSync(path.join(tmpdir(), `confab-${name}-`));
  chmodSync(folder, 0o777);
  return folder;
}

/** The keys of one host application, one for each algorithm. */
export class HostKeys {
  constructor(folder) {
    const pair = {
      RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
      ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      EdDSA: generateKeyPairSync('ed25519'),
    };
    this.secret = randomBytes(32).toString('hex');
    this.publicPem = {};
    this.privateKey = {};
    this.list = path.join(folder, 'keys');
    writeFileSync(path.join(folder, 'HS256'), this.secret);
    for (const [alg, { publicKey, privateKey }] of Object.entries(pair)) {
      this.privateKey[alg] = privateKey;
      this.publicPem[alg] = publicKey.export({ type: 'spki', format: 'pem' });
      writeFileSync(path.join(folder, alg), this.publicPem[alg]);
    }
    writeFileSync(this.list,
      ['HS256', ...Object.keys(pair)].map((alg) => `${alg.toLowerCase()} ${alg} ${alg}\n`).join(''));
  }

  #sign(alg, text, secret) {
    if (secret !== undefined || alg === 'HS256')
      return createHmac('sha256', secret ?? this.secret).update(text).digest('base64url');
    const key = this.privateKey[alg];
    return sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(text),
      alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key).toString('base64url');
  }

  /** header overrides the key's header; secret signs with HMAC, whatever alg is. */
  make(claims, { alg = 'HS256', header = {}, secret } = {}) {
    const now = Math.floor(Date.now() / 1000);
    const head = part({ alg, kid: alg.toLowerCase(), typ: 'JWT', ...header });
    const text = `${head}.${part({ exp: now + 300, iat: now, ...claims })}`;
    return `${text}.${this.#sign(alg, text, secret)}`;
  }
}
