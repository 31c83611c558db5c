import { learn } from './composables/language.ts';
import './styles.css';

// Sentences stand in constants, too: the panel is loaded when it is known in which language.
await learn();
const { start } = await import('./start.ts');
start();
