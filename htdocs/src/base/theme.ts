// Light or dark: as the system has it, unless the reader chose. The choice stands on <html> for the style sheet.
import { Store, remember, remembered } from './store';

export type Theme = 'auto' | 'light' | 'dark';

export const theme = new Store<Theme>(remembered<Theme>('theme', 'auto'));

function show(value: Theme): void {
  if (value === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = value;
}

theme.follow((value) => {
  remember('theme', value === 'auto' ? null : value);
  show(value);
});
show(theme.value);
