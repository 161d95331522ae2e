// Where the viewer shows a frame: it keeps the one before until the new one has arrived, zooms by wheel and moves by drag.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Task } from '../api/routes';
import { percent } from '../base/format';
import { text } from '../text';

export function Stage({
  source,
  task,
  zoom,
  setZoom,
}: {
  source: string | null;
  task: Task;
  zoom: number;
  setZoom: (zoom: number) => void;
}) {
  const [shown, setShown] = useState<string | null>(source);
  const [failed, setFailed] = useState(false);
  const [offset, setOffset] = useState({ x: 0, y: 0 });
  const drag = useRef<{ x: number; y: number } | null>(null);

  useEffect(() => {
    setFailed(false);
    if (source === null) {
      setShown(null);
      return undefined;
    }
    const image = new Image();
    image.onload = () => setShown(source);
    image.onerror = () => setFailed(true);
    image.src = source;
    if (image.complete && image.naturalWidth > 0) setShown(source);
    return () => {
      image.onload = image.onerror = null;
    };
  }, [source]);
  useEffect(() => {
    if (zoom === 1) setOffset({ x: 0, y: 0 });
  }, [zoom]);

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    setZoom(Math.min(16, Math.max(1, zoom * (event.deltaY < 0 ? 1.2 : 1 / 1.2))));
  };
  const move = (event: PointerEvent): void => {
    if (!drag.current) return;
    setOffset({ x: offset.x + event.clientX - drag.current.x, y: offset.y + event.clientY - drag.current.y });
    drag.current = { x: event.clientX, y: event.clientY };
  };
  return (
    <div
      class={zoom > 1 ? 'stage stage-zoomed' : 'stage'}
      onWheel={wheel}
      onDblClick={() => setZoom(zoom > 1 ? 1 : 3)}
      onPointerDown={(event) => {
        if (zoom === 1) return;
        drag.current = { x: event.clientX, y: event.clientY };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={move}
      onPointerUp={() => {
        drag.current = null;
      }}
    >
      {source !== null && shown !== null && !failed ? (
        <img
          src={shown}
          alt={text.frames.frame(task.frame)}
          draggable={false}
          data-frame={task.frame}
          style={{ transform: `translate(${offset.x}px, ${offset.y}px) scale(${zoom})` }}
        />
      ) : (
        <p class="stage-none">
          {failed
            ? text.viewer.cannotShow
            : task.state === 'finished'
            ? text.loading
            : text.viewer.none(task.frame, text.taskStates[task.state])}
          {task.progress !== null && <span class="figure"> {percent(task.progress)}</span>}
          {task.failure && task.state !== 'finished' && <span class="stage-reason">{text.frames.failure(task.failure)}</span>}
        </p>
      )}
    </div>
  );
}
