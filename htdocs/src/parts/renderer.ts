// How a renderer is called: method, version, and which of the grid's builds it is.
interface Named {
  method: string;
  version: string | null;
  build?: string | null;
  device?: string | null;
}

const shownDigits = 12;

/** 'blender 3.4.1', 'blender 4.3.2 (0123456789ab) OPTIX' */
export const rendererName = (renderer: Named): string =>
  [
    renderer.method,
    renderer.version,
    renderer.build && `(${renderer.build.slice(0, shownDigits)})`,
    renderer.device,
  ]
    .filter(Boolean)
    .join(' ');
