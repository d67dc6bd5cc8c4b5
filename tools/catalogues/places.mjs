// SPDX-License-Identifier: Apache-2.0
// Places by inhabitants: a city's population in equal parts over its zips; what the census counted beyond those cities
// goes in equal parts to all other zips.

const kInhabitants = 331_449_281; // of the states and DC, census of 2020
const kElsewhere = new Map([
  ['NY|newyork', null], // the whole city; its zips of that name are Manhattan's
  ['NY|manhattan', 'NY|newyork'],
]);

// Sources spell "St. Louis", "Saint Louis", "The Bronx" and "Washington, D.C." in their own ways.
function keyOf(state, city) {
  const name = city
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/, d\.c\.$/, '')
    .replace(/^the /, '')
    .replace(/^saint /, 'st ')
    .replace(/^mount /, 'mt ')
    .replace(/^fort /, 'ft ')
    .replace(/ (city|town|township|village)$/, '')
    .replace(/[^a-z]/g, '');
  return `${state}|${name}`;
}

function populations(cities) {
  const result = new Map();
  for (const city of cities.filter(({ country }) => country === 'US')) {
    const own = keyOf(city.adminCode, city.name);
    const key = kElsewhere.has(own) ? kElsewhere.get(own) : own;
    if (key !== null) result.set(key, Math.max(result.get(key) ?? 0, city.population));
  }
  return result;
}

/** [{zip, city, state, latitude, longitude (10^-4 degrees), weight}] by zip. `table`: GeoNames' US.txt. */
export function makePlaces(table, cities) {
  const places = new Map();
  for (const line of table.trimEnd().split('\n')) {
    const [, zip, city, , state, , , , , latitude, longitude] = line.split('\t');
    const elsewhere = state === 'MH' || Number(longitude) > 0; // Marshall Islands, Wake Island
    if (!/^[A-Z]{2}$/.test(state) || elsewhere || places.has(zip)) continue; // no state: military
    const tenThousandths = (degrees) => Math.round(Number(degrees) * 1e4);
    places.set(zip, {
      zip,
      city,
      state,
      latitude: tenThousandths(latitude),
      longitude: tenThousandths(longitude),
    });
  }
  const sorted = [...places.values()].sort((a, b) => (a.zip < b.zip ? -1 : 1));
  const zips = new Map();
  for (const { state, city } of sorted)
    zips.set(keyOf(state, city), (zips.get(keyOf(state, city)) ?? 0) + 1);
  const known = populations(cities);
  let [counted, unknown] = [0, 0];
  for (const [key, count] of zips)
    known.has(key) ? (counted += known.get(key)) : (unknown += count);
  for (const place of sorted) {
    const key = keyOf(place.state, place.city);
    const weight = known.has(key)
      ? known.get(key) / zips.get(key)
      : (kInhabitants - counted) / unknown;
    place.weight = Math.max(1, Math.round(weight));
  }
  return sorted;
}
