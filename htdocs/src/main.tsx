import { render } from 'preact';
import './base/theme';
import { App } from './shell/app';

const place = document.getElementById('app');
if (place) render(<App />, place);
