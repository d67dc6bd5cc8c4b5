// SPDX-License-Identifier: Apache-2.0
// A file of its own, first in the page: a chosen theme is on before anything is painted.
import { applyTheme, readView } from './view';

applyTheme(readView(location.search).theme);
