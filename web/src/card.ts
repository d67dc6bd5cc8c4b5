// SPDX-License-Identifier: Apache-2.0
// One chart on the page: heading, drawing, table, export, and its states (waiting, empty, failed, drawn).
import { ApiError, csvAddress, fetchChart, type ChartData } from './api';
import { description } from './description';
import { element } from './element';
import { cell, timeOfDay } from './format';
import type { Plot } from './plots';
import type { DateRange } from './view';

export interface CardKind {
  id: string;
  title: string;
  wide: boolean;
}

export class Card {
  readonly node: HTMLElement;
  private readonly canvas = element('div', { class: 'plot', role: 'img', 'aria-hidden': 'true' });
  private readonly tableHost = element('div', {
    class: 'table',
    tabindex: '0',
    role: 'region',
    hidden: true,
  });
  private readonly message = element('div', { class: 'message', hidden: true });
  private readonly definition = element('p', { class: 'definition' });
  private readonly note = element('p', { class: 'note', hidden: true });
  private readonly tableButton: HTMLButtonElement;
  private readonly csvLink: HTMLAnchorElement;
  private plot: Plot | null = null;
  private data: ChartData | null = null;
  private request: AbortController | null = null;
  private range: DateRange | null = null;
  private visible = false;

  constructor(private readonly kind: CardKind) {
    const headingId = `heading-${kind.id}`;
    this.tableButton = element(
      'button',
      {
        type: 'button',
        'aria-pressed': 'false',
        'aria-label': `${kind.title} as table`,
        click: () => this.toggleTable(),
      },
      'Table',
    );
    this.csvLink = element('a', { download: '', 'aria-label': `${kind.title} as CSV file` }, 'CSV');
    this.tableHost.setAttribute('aria-label', `${kind.title}, table`);
    this.node = element(
      'section',
      {
        class: kind.wide ? 'card wide' : 'card',
        'aria-labelledby': headingId,
        'data-chart': kind.id,
        'data-state': 'waiting',
      },
      element(
        'header',
        {},
        element('h2', { id: headingId }, kind.title),
        element('div', { class: 'actions' }, this.tableButton, this.csvLink),
      ),
      this.definition,
      element('div', { class: 'body' }, this.canvas, this.tableHost, this.message),
      this.note,
    );
  }

  /** Shows a range: at once if the card is near the screen, else when it comes there. */
  show(range: DateRange): void {
    this.range = range;
    this.csvLink.href = csvAddress(this.kind.id, range);
    if (this.visible) void this.load();
  }

  becomeVisible(): void {
    if (this.visible) return;
    this.visible = true;
    if (this.range !== null) void this.load();
  }

  resize(): void {
    this.plot?.resize();
  }

  redraw(): void {
    if (this.data !== null && this.plot !== null) this.plot.draw(this.data);
  }

  private async load(): Promise<void> {
    if (this.range === null) return;
    this.request?.abort();
    const request = (this.request = new AbortController());
    try {
      const [data, plots] = await Promise.all([
        fetchChart(this.kind.id, this.range, request.signal),
        import('./plots'),
      ]);
      if (request.signal.aborted) return;
      this.data = data;
      this.definition.textContent = data.definition;
      this.fillTable(data);
      if (data.rows.length === 0) {
        this.setState('empty', 'Nothing happened in this range. Choose other dates.');
        return;
      }
      this.setState('drawn', '');
      this.showNote(data);
      this.canvas.setAttribute('aria-label', description(data));
      this.plot ??= plots.createPlot(this.kind.id, this.canvas);
      this.plot.draw(data);
    } catch (failure) {
      if (request.signal.aborted) return;
      const reason = failure instanceof ApiError ? failure.message : 'The page failed.';
      if (!(failure instanceof ApiError)) console.error(failure);
      this.setState('failed', `This chart could not be loaded. ${reason}`);
    }
  }

  private setState(state: 'empty' | 'failed' | 'drawn', text: string): void {
    this.node.dataset['state'] = state;
    this.canvas.setAttribute('aria-hidden', String(state !== 'drawn')); // the message covers it
    this.message.hidden = state === 'drawn';
    this.message.replaceChildren(element('p', {}, text));
    if (state === 'failed') {
      this.message.append(
        element('button', { type: 'button', click: () => void this.load() }, 'Try again'),
      );
    }
    this.note.hidden = true;
  }

  private showNote(data: ChartData): void {
    const hasDays = data.columns[0]?.unit === 'date';
    this.note.hidden =
      !hasDays || data.incomplete_day === null || data.range?.to !== data.incomplete_day;
    this.note.textContent = `Last day incomplete: the data ends at ${timeOfDay(data.as_of)}.`;
  }

  private toggleTable(): void {
    const on = this.tableHost.hidden;
    this.tableHost.hidden = !on;
    this.canvas.hidden = on;
    this.tableButton.setAttribute('aria-pressed', String(on));
    if (!on) this.plot?.resize();
  }

  private fillTable(data: ChartData): void {
    const isNumber = (unit: string) => unit !== 'text' && unit !== 'date';
    const head = data.columns.map((column) =>
      element('th', { scope: 'col', class: isNumber(column.unit) ? 'number' : '' }, column.title),
    );
    const rows = data.rows.map((row) =>
      element(
        'tr',
        {},
        ...row.map((value, index) => {
          const unit = data.columns[index]!.unit;
          const text = element('bdi', {}, cell(value, unit));
          if (value === data.incomplete_day) text.append(' (incomplete)');
          return element('td', { class: isNumber(unit) ? 'number' : '' }, text);
        }),
      ),
    );
    this.tableHost.replaceChildren(
      element(
        'table',
        {},
        element('caption', { class: 'sr-only' }, data.title),
        element('thead', {}, element('tr', {}, ...head)),
        element('tbody', {}, ...rows),
      ),
    );
  }
}
