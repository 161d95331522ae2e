// A table of any length: only the rows in sight are in the document. Sorted by its headings; rows may be selected, by
// Shift for a range; arrows go from row to row. Rows have one height, so that nothing jumps.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { text } from '../text';
import { useWindowRows } from './virtual';

export interface Column<T> {
  id: string;
  title: string;
  cell: (row: T) => ComponentChildren;
  compare?: (left: T, right: T) => number;
  kind?: 'number' | 'wide' | 'thumb';
  hide?: 'phone' | 'tablet'; // where there is no room for it
}

export interface Selection {
  chosen: ReadonlySet<number>;
  change: (chosen: Set<number>) => void;
}

interface Props<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  keyOf: (row: T) => number;
  nameOf: (row: T) => string;
  sort: { by: string; down: boolean };
  onSort: (by: string, down: boolean) => void;
  selection?: Selection;
  rowHeight?: number;
  dim?: (row: T) => boolean;
}

export function sorted<T>(rows: T[], columns: Column<T>[], by: string, down: boolean): T[] {
  const compare = columns.find((column) => column.id === by)?.compare;
  if (!compare) return rows;
  const copy = [...rows].sort(compare);
  return down ? copy.reverse() : copy;
}

export function Table<T>({
  label,
  rows,
  columns,
  keyOf,
  nameOf,
  sort,
  onSort,
  selection,
  rowHeight = 60,
  dim,
}: Props<T>) {
  const { slice, ref } = useWindowRows<HTMLTableSectionElement>(rows.length, rowHeight);
  const last = useRef<number | null>(null);

  const toggle = (index: number, event: MouseEvent | KeyboardEvent): void => {
    if (!selection) return;
    const chosen = new Set(selection.chosen);
    const row = keyOf(rows[index] as T);
    const add = !chosen.has(row);
    const from = event.shiftKey && last.current !== null ? last.current : index;
    for (let i = Math.min(from, index); i <= Math.max(from, index); i += 1) {
      const key = keyOf(rows[i] as T);
      if (add) chosen.add(key);
      else chosen.delete(key);
    }
    last.current = index;
    selection.change(chosen);
  };

  const move = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !(event.target instanceof HTMLElement)) return;
    const row = event.target.closest('tr');
    const next = step > 0 ? row?.nextElementSibling : row?.previousElementSibling;
    const place = event.target.matches('input') ? 'input' : 'a';
    const target = next?.querySelector<HTMLElement>(place);
    if (!target) return;
    event.preventDefault();
    target.focus();
  };

  const span = columns.length + (selection ? 1 : 0);
  const all = selection !== undefined && rows.length > 0 && rows.every((row) => selection.chosen.has(keyOf(row)));
  return (
    <table class="table" aria-label={label} aria-rowcount={rows.length + 1}>
      <thead>
        <tr aria-rowindex={1}>
          {selection && (
            <th class="col-select">
              <input
                type="checkbox"
                aria-label={text.table.all}
                checked={all}
                onChange={() => selection.change(all ? new Set() : new Set(rows.map(keyOf)))}
              />
            </th>
          )}
          {columns.map((column) => {
            const active = sort.by === column.id;
            const direction = sort.down ? 'descending' : 'ascending';
            return (
              <th key={column.id} class={classOf(column)} aria-sort={active ? direction : undefined} scope="col">
                {column.compare ? (
                  <button type="button" class="sort" onClick={() => onSort(column.id, active ? !sort.down : false)}>
                    {column.title}
                    <span class="sort-sign" aria-hidden="true">
                      {active ? (sort.down ? '↓' : '↑') : ''}
                    </span>
                  </button>
                ) : (
                  column.title || <span class="unseen">{text.table.image}</span>
                )}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody ref={ref} onKeyDown={move}>
        {slice.first > 0 && (
          <tr class="spacer" aria-hidden="true">
            <td colSpan={span} style={{ height: `${slice.first * rowHeight}px` }} />
          </tr>
        )}
        {rows.slice(slice.first, slice.last).map((row, offset) => {
          const index = slice.first + offset;
          const chosen = selection?.chosen.has(keyOf(row)) ?? false;
          return (
            <tr
              key={keyOf(row)}
              aria-rowindex={index + 2}
              aria-selected={selection ? chosen : undefined}
              class={dim?.(row) ? 'dim' : undefined}
              style={{ height: `${rowHeight}px` }}
            >
              {selection && (
                <td class="col-select">
                  <input
                    type="checkbox"
                    aria-label={text.table.choose(nameOf(row))}
                    checked={chosen}
                    onClick={(event) => toggle(index, event)}
                  />
                </td>
              )}
              {columns.map((column) => (
                <td key={column.id} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          );
        })}
        {slice.last < rows.length && (
          <tr class="spacer" aria-hidden="true">
            <td colSpan={span} style={{ height: `${(rows.length - slice.last) * rowHeight}px` }} />
          </tr>
        )}
      </tbody>
    </table>
  );
}

function classOf<T>(column: Column<T>): string {
  return [`col-${column.kind ?? 'text'}`, column.hide ? `hide-${column.hide}` : ''].filter(Boolean).join(' ');
}
