// What the reader chose or dropped: files with their paths, whole folders included.
export interface Chosen {
  path: string; // with '/', relative, as the job will have it
  file: File;
}

export const mostFiles = 100000;

/** Not worth a journey: what systems and editors leave lying around, and Blender's own backups. */
export function isLitter(path: string): boolean {
  const name = path.split('/').pop() ?? '';
  return (
    /^(\.|Thumbs\.db$|desktop\.ini$)/i.test(name) ||
    /\.blend\d+$/i.test(name) ||
    path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX')
  );
}

export function fromInput(list: FileList): Chosen[] {
  return [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

async function walk(entry: FileSystemEntry, into: Chosen[], seen: (files: number) => void): Promise<void> {
  if (into.length > mostFiles) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.push({ path: entry.fullPath.replace(/^\/+/, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (let some = await entriesOf(reader); some.length > 0; some = await entriesOf(reader)) {
    // A hundred at a time: files together, then the folders one by one, so that no more is open than must be.
    await Promise.all(some.filter((each) => each.isFile).map((each) => walk(each, into, seen)));
    seen(into.length);
    for (const each of some) if (!each.isFile) await walk(each, into, seen);
    if (into.length > mostFiles) return;
  }
}

/** Must be called at once from the drop event: the browser forgets what was dropped. */
export async function fromDrop(transfer: DataTransfer, seen: (files: number) => void): Promise<Chosen[]> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry): entry is FileSystemEntry => Boolean(entry));
  if (entries.length === 0) return fromInput(transfer.files);
  const found: Chosen[] = [];
  for (const entry of entries) await walk(entry, found, seen);
  return found;
}

/** One folder around everything is left out: 'film/shot.blend', 'film/tex/a.png' -> 'shot.blend', 'tex/a.png'. */
export function tidy(chosen: Chosen[]): Chosen[] {
  const kept = chosen.filter(({ path }) => !isLitter(path));
  const first = kept[0]?.path.split('/')[0];
  const wrapped = first !== undefined && kept.every(({ path }) => path.startsWith(first + '/'));
  return wrapped ? kept.map(({ path, file }) => ({ path: path.slice(first.length + 1), file })) : kept;
}

export const isScene = (path: string): boolean => /\.blend$/i.test(path);

/** The scene most likely meant: the highest in the folders, and among those the largest. */
export function likelyScene(chosen: Chosen[]): string | null {
  const scenes = chosen.filter(({ path }) => isScene(path));
  scenes.sort(
    (left, right) => left.path.split('/').length - right.path.split('/').length || right.file.size - left.file.size,
  );
  return scenes[0]?.path ?? null;
}
