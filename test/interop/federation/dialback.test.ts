import { federates } from './federates.ts';

// Streams by STARTTLS; no certificate is known to anybody.
federates('dialback');
