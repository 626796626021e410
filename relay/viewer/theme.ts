import { remember, remembered } from './memory.js';

const THEMES = ['system', 'dark', 'light'] as const;

type Theme = (typeof THEMES)[number];

/** Dark and light: what the system says, until somebody says otherwise. */
export function startTheme(toggle: HTMLButtonElement, onChange: () => void): void {
  let theme: Theme = THEMES.find((known) => known === remembered('theme')) ?? 'system';
  const apply = () => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    const label = `Theme: ${theme}`;
    toggle.setAttribute('aria-label', label);
    toggle.title = label;
    onChange();
  };
  toggle.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
    remember('theme', theme);
    apply();
  });
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', onChange);
  apply();
}
