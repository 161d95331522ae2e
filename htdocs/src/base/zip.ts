// Puts files into a ZIP without compressing them: pictures are compressed already. Names are UTF-8. Without the
// extension for large archives, so at most 65,534 files and 4 GiB in all.

const table = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1)
    value = (table[(value ^ (bytes[i] as number)) & 255] as number) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

export const largestZip = 0xffffffff;
export const mostZipFiles = 65534;

/** Numbers of two or four bytes, the low byte first. */
function packed(fields: readonly (readonly [number, 2 | 4])[]): Uint8Array {
  const out = new Uint8Array(fields.reduce((sum, [, width]) => sum + width, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [value, width] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return out;
}

export class ZipWriter {
  private parts: BlobPart[] = [];
  private directory: BlobPart[] = [];
  private offset = 0;
  private directorySize = 0;
  private files = 0;
  private readonly time: number;
  private readonly date: number;

  constructor(now = new Date()) {
    this.time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
    this.date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  }

  add(name: string, content: ArrayBuffer): void {
    const path = new TextEncoder().encode(name);
    const size = content.byteLength;
    if (this.files >= mostZipFiles || this.offset + size + path.length > largestZip - 1e6)
      throw new RangeError('too large for a ZIP');
    const crc = crc32(new Uint8Array(content));
    const common: readonly (readonly [number, 2 | 4])[] = [
      [20, 2],
      [0x800, 2],
      [0, 2],
      [this.time, 2],
      [this.date, 2],
      [crc, 4],
      [size, 4],
      [size, 4],
      [path.length, 2],
      [0, 2],
    ];
    const head = packed([[0x04034b50, 4], ...common]);
    this.parts.push(head, path, new Blob([content])); // a Blob, so that the browser may move it to its disk
    this.directory.push(
      packed([[0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [this.offset, 4]]),
      path,
    );
    this.directorySize += 46 + path.length;
    this.offset += head.length + path.length + size;
    this.files += 1;
  }

  finish(): Blob {
    const end = packed([
      [0x06054b50, 4],
      [0, 2],
      [0, 2],
      [this.files, 2],
      [this.files, 2],
      [this.directorySize, 4],
      [this.offset, 4],
      [0, 2],
    ]);
    return new Blob([...this.parts, ...this.directory, end], { type: 'application/zip' });
  }
}
