// SPDX-License-Identifier: Apache-2.0
// Checks of the page in a real browser: node page_checks.mjs <address> <check>... Prints one line of JSON a check:
// {"check", "failure"}, failure null if it holds. Whatever the check, a dialog, a console error or a report of the
// content policy fails it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const [address, ...chosen] = process.argv.slice(2);
const charts = 7;
const troubles = [];
let expectFailedRequests = false;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});

async function open(path = '/', options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
  page.on('console', (message) => {
    const failedRequest = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !(failedRequest && expectFailedRequests)) troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('dialog', (dialog) => {
    troubles.push('dialog: ' + dialog.message());
    void dialog.dismiss();
  });
  await page.exposeFunction('reportViolation', (text) => troubles.push('policy: ' + text));
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', (event) =>
      window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
    ),
  );
  await page.goto(address + path);
  return page;
}

// Scrolls through the page, so that charts below the fold load, until all are drawn.
async function drawAll(page) {
  await page.waitForSelector('.tile .value');
  for (const card of await page.locator('[data-chart]').all()) await card.scrollIntoViewIfNeeded();
  await page.waitForFunction((count) => document.querySelectorAll('.plot[data-drawn="true"]').length === count, charts, { timeout: 15_000 });
  await page.evaluate(() => scrollTo(0, 0));
}

// Pixels of each chart that are not the card's background, as a share.
const inkOf = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[data-chart]')].map((card) => {
      const canvas = card.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let ink = 0;
      for (let at = 3; at < data.length; at += 4) if (data[at] > 0) ink += 1;
      return { id: card.dataset.chart, share: ink / (data.length / 4) };
    }),
  );

async function findings(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }),
  );
  return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target + ' ' + node.failureSummary).join('; ')}`);
}

const pressed = (page) => page.locator('[data-range][aria-pressed="true"]').allInnerTexts();

const checks = {
  async every_chart_is_drawn() {
    for (const colorScheme of ['light', 'dark']) {
      const page = await open('/', { colorScheme });
      await drawAll(page);
      for (const { id, share } of await inkOf(page)) assert.ok(share > 0.01, `${id} is blank in ${colorScheme}: ${share}`);
      assert.equal(await page.locator('.tile .value').count(), 6);
    }
  },

  async accessible_in_light_and_dark() {
    for (const colorScheme of ['light', 'dark']) {
      const page = await open('/', { colorScheme });
      await drawAll(page);
      assert.deepEqual(await findings(page), []);
      for (const button of await page.getByRole('button', { name: /as table$/ }).all()) await button.click();
      assert.deepEqual(await findings(page), [], 'with tables open');
    }
  },

  async charts_are_named_by_title_days_and_a_figure() {
    const page = await open('/?range=7');
    await drawAll(page);
    const names = await page.locator('.plot').evaluateAll((plots) => plots.map((plot) => plot.getAttribute('aria-label')));
    assert.equal(names.length, charts);
    for (const name of names) assert.match(name, /^[A-Z].+, 8 Apr 2025 to 14 Apr 2025: .*\d/);
    assert.match(names[0], /: [\d,]+ listens$/);
    assert.equal(await page.locator('.plot[aria-hidden="true"]').count(), 0);
  },

  async accessible_when_empty_or_failed() {
    const settled = async (page, state) => {
      for (const card of await page.locator('[data-chart]').all()) await card.scrollIntoViewIfNeeded();
      await page.waitForFunction(([name, count]) => document.querySelectorAll(`[data-chart][data-state="${name}"]`).length === count, [state, charts]);
      assert.deepEqual(await findings(page), [], state);
      assert.equal(await page.locator('.plot[aria-hidden="true"]').count(), charts);
    };
    for (const colorScheme of ['light', 'dark']) {
      const page = await open('/?from=2031-01-01&to=2031-01-31', { colorScheme });
      await page.waitForSelector('.tile .value');
      await settled(page, 'empty');
      expectFailedRequests = true;
      await page.route(/api.v1.(charts|summary)/, (route) => route.abort());
      await page.goto(address + '/');
      await settled(page, 'failed');
    }
  },

  async axes_of_small_counts_repeat_no_label() {
    const page = await open('/');
    await page.addInitScript(() => {
      window.drawnAt = {}; // text -> heights in the chart of session lengths
      const draw = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...rest) {
        const height = Math.round(this.getTransform().f + y);
        if (this.canvas.closest('[data-chart="session_lengths"]')) (window.drawnAt[text] ??= []).push(height);
        return draw.call(this, text, x, y, ...rest);
      };
    });
    await page.route('**/charts/session_lengths*', async (route) => {
      const answer = await (await route.fetch()).json();
      answer.rows = answer.rows.map(([bucket], index) => [bucket, index % 3, 0.1, 30]);
      await route.fulfill({ json: answer });
    });
    await page.goto(address + '/');
    await drawAll(page);
    const labels = Object.entries(await page.evaluate(() => window.drawnAt)).filter(([text]) => /^\d+$/.test(text));
    assert.deepEqual(labels.map(([text, heights]) => [text, new Set(heights).size]), [['0', 1], ['1', 1], ['2', 1]]);
  },

  async narrow_screens_do_not_scroll_sideways() {
    const page = await open('/', { viewport: { width: 390, height: 800 } });
    await drawAll(page);
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await width(), 390);
    for (const button of await page.getByRole('button', { name: /as table$/ }).all()) await button.click();
    assert.equal(await width(), 390, 'with tables open');
  },

  async only_a_run_has_a_pipeline_to_show() {
    const page = await open('/?tab=pipeline');
    await drawAll(page);
    assert.equal(await page.locator('#tabs').isVisible(), false);
    assert.equal(await page.locator('#pipeline').isVisible(), false);
  },

  async the_pipeline_tab_shows_every_stage() {
    for (const [colorScheme, width] of [['light', 1280], ['dark', 390]]) {
      const page = await open('/', { colorScheme, viewport: { width, height: 900 } });
      await page.waitForSelector('.tile .value');
      await page.getByRole('button', { name: 'Pipeline' }).click();
      await page.waitForSelector('.stage');
      assert.match(page.url(), /tab=pipeline/);
      assert.deepEqual(await page.locator('.stage h2').allInnerTexts(), ['Simulator', 'Ingest', 'Build', 'Charts']);
      const figures = () => page.locator('.stage dd').allInnerTexts();
      const before = await figures();
      assert.ok(before.length >= 16 && before.every((text) => text !== ''), before.join(' | '));
      await page.waitForFunction((text) => document.querySelector('.stage dd').innerText !== text, before[0], { timeout: 15_000 });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      assert.deepEqual(await findings(page), []);
      await page.getByRole('button', { name: 'Charts' }).click();
      assert.equal(await page.locator('#pipeline').isVisible(), false);
    }
  },

  async the_range_lives_in_the_address() {
    const page = await open('/?unknown=1&range=30&color=red');
    await page.waitForSelector('.tile .value');
    assert.deepEqual(await pressed(page), ['30 days']);
    assert.equal(await page.locator('#from').inputValue(), '2025-03-16');
    await page.getByRole('button', { name: '7 days' }).click();
    assert.equal(new URL(page.url()).search, '?range=7');
    await page.reload();
    await page.waitForSelector('.tile .value');
    assert.deepEqual(await pressed(page), ['7 days']);
    assert.equal(await page.locator('#from').inputValue(), '2025-04-08');
    await page.locator('#from').fill('2025-03-10');
    await page.waitForURL('**/?from=2025-03-10&to=2025-04-14');
    await page.reload();
    await page.waitForSelector('.tile .value');
    assert.equal(await page.locator('#from').inputValue(), '2025-03-10');
    assert.deepEqual(await pressed(page), []);
    await page.goBack();
    await page.waitForFunction(() => document.getElementById('from').value === '2025-04-08');
    assert.deepEqual(await pressed(page), ['7 days']);
    for (const nonsense of ['?range=999', '?from=2025-02-31&to=x', '?from=2025-04-02&to=2025-04-01', '?theme=pink']) {
      await page.goto(address + '/' + nonsense);
      await page.waitForSelector('.tile .value');
      assert.deepEqual(await pressed(page), ['90 days'], nonsense);
    }
  },

  async dates_are_typed_key_by_key() {
    const page = await open('/?range=7');
    await page.waitForSelector('.tile .value');
    const visits = await page.evaluate(() => history.length);
    await page.locator('#from').focus();
    await page.keyboard.type('03102025'); // the order of the page's locale, en-US
    assert.equal(await page.locator('#from').inputValue(), '2025-03-10');
    assert.equal(new URL(page.url()).search, '?range=7', 'a date that is being typed is nothing yet');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/?from=2025-03-10&to=2025-04-14');
    await page.locator('#to').focus();
    await page.keyboard.type('03052025');
    assert.equal(await page.locator('#from').inputValue(), '2025-03-10');
    await page.locator('#main').focus();
    await page.waitForURL('**/?from=2025-03-05&to=2025-03-05');
    assert.equal(await page.evaluate(() => history.length), visits + 2, 'one entry a date, not a key');
    await page.locator('#to').focus();
    await page.keyboard.type('0320');
    await page.keyboard.press('Backspace'); // half a date, left: the old one comes back
    await page.locator('#main').focus();
    assert.equal(await page.locator('#to').inputValue(), '2025-03-05');
    await page.locator('#from').focus();
    await page.keyboard.type('01011950'); // cut to what there is
    await page.keyboard.press('Enter');
    await page.waitForURL('**/?from=2025-03-01&to=2025-03-05');
    assert.equal(await page.locator('#from').inputValue(), '2025-03-01');
  },

  async the_theme_is_chosen_and_kept_in_the_address() {
    const page = await open('/', { colorScheme: 'light' });
    await drawAll(page);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole('button', { name: 'Dark' }).click();
    const dark = await background();
    assert.notEqual(dark, light);
    assert.equal(new URL(page.url()).search, '?theme=dark');
    await page.reload();
    assert.equal(await background(), dark);
  },

  async hostile_names_are_only_text() {
    const page = await open('/');
    await drawAll(page);
    const nodes = () => page.evaluate(() => document.querySelectorAll('img, script, svg, iframe, style').length);
    const before = await nodes();
    await page.getByRole('button', { name: 'Top songs as table' }).click();
    await page.locator('[data-chart="top_songs"] .plot').evaluate((plot) => plot.hidden);
    const text = await page.locator('[data-chart="top_songs"] table').innerText();
    assert.ok(text.includes('<img src=x onerror=alert(1)>'), text.slice(0, 500));
    assert.ok(text.includes('</script><svg onload=alert(1)>'));
    assert.ok(text.length < 8000, 'the endless name is cut');
    await page.getByRole('button', { name: 'Top songs as table' }).click();
    const box = await page.locator('[data-chart="top_songs"] canvas').boundingBox();
    for (let y = 15; y < box.height; y += 20) await page.mouse.move(box.x + box.width * 0.6, box.y + y);
    assert.equal(await nodes(), before);
  },

  async tables_say_what_charts_show() {
    const page = await open('/');
    await drawAll(page);
    for (const button of await page.getByRole('button', { name: /as table$/ }).all()) await button.click();
    for (const card of await page.locator('[data-chart]').all()) {
      const rows = await card.locator('tbody tr').count();
      assert.ok(rows >= 2, `${await card.getAttribute('data-chart')} has ${rows} rows`);
      const csv = await (await fetch(address + (await card.locator('a[download]').getAttribute('href')))).text();
      assert.ok(csv.split('\r\n').length - 2 >= rows);
    }
    const last = page.locator('[data-chart="daily_user_listen_counts"] tbody tr').last();
    assert.match(await last.innerText(), /14 Apr 2025 \(incomplete\)/);
  },

  async the_incomplete_day_and_the_age_are_told() {
    const page = await open('/');
    await drawAll(page);
    assert.match(await page.locator('#freshness').innerText(), /Data as of 14 Apr 2025, 14:32 UTC \(\d+ \w+ ago\)/);
    const note = page.locator('[data-chart="daily_user_listen_counts"] .note');
    assert.equal(await note.innerText(), 'Last day incomplete: the data ends at 14:32 UTC.');
    await page.goto(address + '/?from=2025-03-01&to=2025-03-10');
    await drawAll(page);
    assert.equal(await note.isVisible(), false);
  },

  async a_simulated_clock_is_told_whatever_it_shows() {
    const page = await open('/');
    let age = 3.2;
    for (const hoursBehind of [-720, 3, 720]) {
      await page.route('**/api/v1/status', async (route) => {
        const status = await (await route.fetch()).json();
        const now = new Date(Date.parse(status.as_of) + hoursBehind * 3_600_000).toISOString();
        await route.fulfill({ json: { ...status, now, pipeline: true, simulated: true } });
      });
      await page.route('**/api/v1/pipeline', (route) => route.fulfill({ json: { charts: { age_seconds: age } } }));
      await page.goto(address + '/');
      await page.waitForSelector('#freshness[data-state="fresh"]');
      assert.equal(
        await page.locator('#freshness').innerText(),
        'Live, by a simulated clock: data as of 14 Apr 2025, 14:32 UTC (3 s behind its source)',
      );
    }
    age = 600;
    await page.waitForSelector('#freshness[data-state="late"]');
  },

  async empty_and_failed_are_worded_apart() {
    const page = await open('/?from=2031-01-01&to=2031-01-31');
    const songs = page.locator('[data-chart="daily_user_listen_counts"]');
    await page.waitForSelector('[data-chart="daily_user_listen_counts"][data-state="empty"]');
    assert.match(await songs.locator('.message').innerText(), /^Nothing happened in this range/);
    expectFailedRequests = true;
    await page.route('**/charts/daily_user_listen_counts*', (route) => route.abort());
    await page.goto(address + '/');
    await page.waitForSelector('[data-chart="daily_user_listen_counts"][data-state="failed"]');
    assert.match(await songs.locator('.message').innerText(), /^This chart could not be loaded. The server does not answer./);
    await page.waitForSelector('.tile .value');
    await page.unroute('**/charts/daily_user_listen_counts*');
    await songs.getByRole('button', { name: 'Try again' }).click();
    await page.waitForSelector('[data-chart="daily_user_listen_counts"][data-state="drawn"]');
  },

  async a_server_that_hangs_is_told() {
    const page = await open('/');
    await page.waitForSelector('#freshness[data-state="historic"]');
    expectFailedRequests = true;
    await page.route('**/api/v1/status', () => {}); // never answered
    await page.waitForSelector('#freshness[data-state="late"]', { timeout: 25_000 });
    assert.match(await page.locator('#notice').innerText(), /^The server does not answer\./);
    await page.unroute('**/api/v1/status');
    await page.waitForSelector('#freshness[data-state="historic"]', { timeout: 25_000 });
    assert.equal(await page.locator('#notice').isVisible(), false);
  },

  async a_snapshot_that_cannot_be_loaded_is_told() {
    const page = await open('/');
    await page.waitForSelector('#notice:not([hidden])');
    assert.match(await page.locator('#notice').innerText(), /^No data is loaded: the newest snapshot could not be loaded;/);
    assert.equal(await page.locator('#freshness').getAttribute('data-state'), 'late');
    assert.deepEqual(await findings(page), []);
  },

  async a_lake_without_data_says_what_to_do() {
    const page = await open('/');
    await page.waitForSelector('#notice:not([hidden])');
    assert.match(await page.locator('#notice').innerText(), /^There is no data yet\. Load events with “bassline ingest”/);
    assert.deepEqual(await findings(page), []);
  },

  async the_keyboard_reaches_everything_in_order() {
    const page = await open('/');
    await drawAll(page);
    const order = [];
    for (let press = 0; press < 40; press += 1) {
      await page.keyboard.press('Tab');
      order.push(await page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText ?? ''));
    }
    assert.equal(order[0], 'Skip to the figures');
    const places = ['Light', '7 days', 'Daily listens as table', 'Daily listens as CSV file', 'Status codes as table', 'Licences'];
    const found = places.map((label) => order.indexOf(label));
    assert.deepEqual(found, [...found].sort((a, b) => a - b), order.join(' | '));
    assert.ok(!found.includes(-1), order.join(' | '));
  },

  async a_new_snapshot_refreshes_the_page() {
    const page = await open('/');
    await drawAll(page);
    assert.match(await page.locator('#provenance').innerText(), /^Snapshot 1,/);
    console.log('ready');
    await page.waitForFunction(() => document.getElementById('provenance').textContent.startsWith('Snapshot 2,'), null, { timeout: 15_000 });
    assert.match(await page.locator('#announcer').innerText(), /^Data updated/);
    assert.equal(await page.locator('#to').inputValue(), '2025-03-06');
  },
};

for (const check of chosen) {
  let failure = null;
  try {
    await checks[check]();
    assert.deepEqual(troubles, []);
  } catch (reason) {
    failure = `${reason.stack ?? reason}\n${troubles.join('\n')}`;
  }
  console.log(JSON.stringify({ check, failure }));
  for (const context of browser.contexts()) await context.close();
  troubles.length = 0;
  expectFailedRequests = false;
}
await browser.close();
