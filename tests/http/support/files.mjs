// Files of each kind, as small as they can be while recognisable.
import { deflateRawSync, deflateSync } from 'node:zlib';

const ascii = (text) => Buffer.from(text, 'latin1');

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function number(value, bytes, big = false) {
  const out = Buffer.alloc(bytes);
  if (big) out.writeUIntBE(value, 0, bytes);
  else out.writeUIntLE(value, 0, bytes);
  return out;
}

function chunk(type, content) {
  const body = Buffer.concat([ascii(type), content]);
  return Buffer.concat([number(content.length, 4, true), body, number(crc32(body), 4, true)]);
}

/** A PNG, of one shade of grey unless rows are given; interlaced if it is to be costly for a decoder. */
export function png(width, height, { rows = Buffer.alloc((width + 1) * height), interlaced = false } = {}) {
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR',
      Buffer.concat([number(width, 4, true), number(height, 4, true), Buffer.from([8, 0, 0, 0, Number(interlaced)])])),
    chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** 60 by 40 pixels, the left half red, the right one blue. */
const JPEG =
  Buffer.from(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxO'
      + 'UlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P'
      + 'T09PT09PT0//wAARCAAoADwDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAMFBv/EABkQAQACAwAAAAAAAAAAAAAAAAAC'
      + 'BDSBsf/EABcBAQEBAQAAAAAAAAAAAAAAAAcABAX/xAAcEQEAAQQDAAAAAAAAAAAAAAAAAQM0crECBAX/2gAMAwEAAhEDEQA/AOfA'
      + 'cYkiF3Enrq6F3Enrrb515Sy47hk79rVxnUskAqjUASboAdKohdxJ66uhdxJ662+deUsuO4ZO/a1cZ1LJAKo1AEm6AHSqIXcSeug2'
      + '+deUsuO4ZO/a1cZ1LJAKo1AEn//Z', 'base64');

/** The same as stored by a camera, with an orientation and a place. */
export function jpeg(orientation) {
  const entry = (tag, type, count, value) => Buffer.concat([number(tag, 2), number(type, 2), number(count, 4), value]);
  const tiff = Buffer.concat([
    ascii('II*\0'), number(8, 4), number(2, 2),
    entry(0x0112, 3, 1, number(orientation, 4)), entry(0x8825, 4, 1, number(38, 4)), number(0, 4),
    number(1, 2), entry(0x0001, 2, 2, ascii('N\0\0\0')), number(0, 4), ascii('SECRET PLACE')]);
  const exif = Buffer.concat([ascii('Exif\0\0'), tiff]);
  return Buffer.concat([JPEG.subarray(0, 2), Buffer.from('ffe1', 'hex'), number(exif.length + 2, 2, true), exif,
    JPEG.subarray(2)]);
}

/** A ZIP archive of [name, text] entries. */
export function zip(entries) {
  const locals = [], central = [];
  let at = 0;
  for (const [name, text] of entries) {
    const packed = deflateRawSync(ascii(text));
    const common = Buffer.concat([number(0, 2), number(8, 2), number(0, 4), number(crc32(ascii(text)), 4),
      number(packed.length, 4), number(text.length, 4), number(name.length, 2), number(0, 2)]);
    const local = Buffer.concat([ascii('PK\x03\x04'), number(20, 2), common, ascii(name), packed]);
    central.push(
      Buffer.concat([ascii('PK\x01\x02'), number(20, 2), number(20, 2), common, Buffer.alloc(10), number(at, 4),
        ascii(name)]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  return Buffer.concat([...locals, directory, ascii('PK\x05\x06'), number(0, 4), number(entries.length, 2),
    number(entries.length, 2),
    number(directory.length, 4), number(at, 4), number(0, 2)]);
}

const office = (part) =>
  zip([['[Content_Types].xml', '<Types/>'], ['_rels/.rels', '<Relationships/>'], [`${part}/document.xml`, '<x/>']]);
const ole = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(16), number(0x3e, 2), number(3, 2),
  number(0xfffe, 2), number(9, 2), Buffer.alloc(1500)]);

/** [name, bytes, the client's type, MIME type, media type, width, height] */
export const KINDS = [
  ['photo.jpg', jpeg(1), 'image/jpeg', 'image/jpeg', 'image', 60, 40],
  ['upright.jpg', jpeg(6), 'image/jpeg', 'image/jpeg', 'image', 40, 60],
  ['drawing.png', png(700, 350), 'image/png', 'image/png', 'image', 700, 350],
  ['photo.webp',
    Buffer.from(
      'UklGRngAAABXRUJQVlA4IGwAAABwBQCdASo8ACgAPtFkqk6oJiQiKqgBABoJYwDR6oBQAKoA/gGUAfoABJFVeiXhgh5sYiAAAP7r'
        + 'Nv/0Jse1Ff/9CT/4mz/ibPghpz5WsTe8dpsrpXx2m5Cxbs4HOBxHrkRY85ulVwjc+7IAAAA=', 'base64'),
    'image/webp', 'image/webp', 'image', 60, 40],
  ['moving.gif', Buffer.concat([ascii('GIF89a'), number(60, 2), number(40, 2), Buffer.alloc(3), ascii(';')]),
    'image/gif', 'image/gif', 'image', 60, 40],
  ['old.bmp',
    Buffer.concat([ascii('BM'), number(70, 4), number(0, 4), number(54, 4), number(40, 4), number(2, 4), number(2, 4),
      number(1, 2), number(24, 2), Buffer.alloc(40)]),
    'image/bmp', 'image/bmp', 'image', 2, 2],
  ['phone.heic',
    Buffer.concat([number(24, 4, true), ascii('ftypheic'), number(0, 4), ascii('mif1heic'), Buffer.alloc(40)]),
    'image/heic', 'image/heic', 'image', null, null],
  ['film.mp4',
    Buffer.concat([number(24, 4, true), ascii('ftypisom'), number(512, 4, true), ascii('isomiso2'), Buffer.alloc(40)]),
    'video/mp4', 'video/mp4', 'video'],
  ['film.mov',
    Buffer.concat([number(20, 4, true), ascii('ftypqt  '), number(512, 4, true), ascii('qt  '), Buffer.alloc(40)]),
    'video/quicktime', 'video/quicktime', 'video'],
  ['film.webm',
    Buffer.concat([Buffer.from('1a45dfa3a3428681014286810142f7810142f2810442f381084282847765626d', 'hex'),
      Buffer.alloc(40)]), 'video/webm', 'video/webm', 'video'],
  ['film.avi', Buffer.concat([ascii('RIFF'), number(100, 4), ascii('AVI LIST'), Buffer.alloc(80)]), 'video/avi',
    'video/x-msvideo', 'video'],
  ['voice.webm',
    Buffer.concat([Buffer.from('1a45dfa3a3428681014286810142f7810142f2810442f381084282847765626d', 'hex'),
      Buffer.alloc(41)]),
    'audio/webm;codecs=opus', 'video/webm', 'audio'],
  ['song.mp3',
    Buffer.concat([ascii('ID3\x03\0\0\0\0\0\x0a'), Buffer.alloc(10), Buffer.from('fffb9064', 'hex'),
      Buffer.alloc(500)]), 'audio/mpeg', 'audio/mpeg', 'audio'],
  ['song.m4a',
    Buffer.concat([number(24, 4, true), ascii('ftypM4A '), number(512, 4, true), ascii('M4A isom'), Buffer.alloc(40)]),
    'audio/x-m4a', 'audio/mp4', 'audio'],
  ['noise.wav',
    Buffer.concat([ascii('RIFF'), number(40, 4), ascii('WAVEfmt '), number(16, 4), number(1, 2), number(1, 2),
      number(8000, 4), number(8000, 4), number(1, 2), number(8, 2),
    ascii('data'), number(4, 4), Buffer.alloc(4)]), 'audio/wav', 'audio/wav', 'audio'],
  ['report.pdf', ascii('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n'), 'application/pdf', 'application/pdf',
    'file'],
  ['letter.docx', office('word'), '', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'file'],
  ['sums.xlsx', office('xl'), '', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'file'],
  ['slides.pptx', office('ppt'), '', 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    'file'],
  ['letter.doc', ole, 'application/msword', 'application/msword', 'file'],
  ['notes.txt', ascii('Dear all,\n'), 'text/plain', 'text/plain', 'file'],
  ['page.txt', ascii('<html><body onload="alert(1)">'), 'text/plain', 'text/plain', 'file'],
  ['script.txt', ascii('<script>alert(1)</script>'), 'text/html', 'text/plain', 'file'],
  ['program.py', ascii('#!/usr/bin/python3\nimport os\nprint("x")\n'), 'text/x-python', 'text/plain', 'file'],
  ['sums.csv', ascii('a,b\n1,2\n3,4\n'), 'text/csv', 'text/csv', 'file'],
];

/** [name, bytes, the client's type]: files that are refused, whatever their name and type. */
export const REFUSED = [
  ['page.html', ascii('<!DOCTYPE html><html><script>alert(1)</script></html>'), 'text/html'],
  ['page.png', ascii('<!DOCTYPE html><html><script>alert(1)</script></html>'), 'image/png'],
  ['picture.svg', ascii('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    'image/svg+xml'],
  ['picture.jpg', ascii('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), 'image/jpeg'],
  ['program.pdf',
    Buffer.concat([Buffer.from('7f454c46020101', 'hex'), Buffer.alloc(9), number(2, 2), number(62, 2),
      Buffer.alloc(60)]), 'application/pdf'],
  ['archive.zip', zip([['x', 'x']]), 'application/zip'],
  ['letter.docx', zip([['x', 'x']]), 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
];
