/** What the page for devices says, in one language. It is read where the panel is not: on phones, and before anything is trusted. */
export interface TrustWords {
  readonly lang: string;
  readonly title: string;
  readonly intro: string;
  readonly only: string;
  readonly certificate: string;
  readonly profile: string;
  readonly pem: string;
  readonly compareTitle: string;
  readonly compare: string;
  readonly steps: readonly (readonly [system: string, ...steps: string[]])[];
  readonly none: string;
}

const en: TrustWords = {
  lang: 'en',
  title: 'Trust this office’s server',
  intro:
    'This office’s chat server shows a certificate that the office made itself. Your phone or computer accepts it once you have installed the certificate below. It is done once for each device.',
  only: 'It can vouch for nothing but these names, with all that is below them, and for addresses within private networks:',
  certificate: 'Certificate (.crt)',
  profile: 'Profile for iPhone, iPad and Mac',
  pem: 'Certificate as text (.pem)',
  compareTitle: 'Is it the right one?',
  compare:
    'Compare this SHA-256 fingerprint with the one that your administrator gives you, by another way than this page. If they differ, install nothing.',
  steps: [
    [
      'iPhone and iPad',
      'Tap “Profile” above in Safari and allow it.',
      'Open Settings › General › VPN & Device Management, choose the profile and tap Install.',
      'Open Settings › General › About › Certificate Trust Settings and switch the certificate on.',
    ],
    [
      'Android',
      'Tap “Certificate (.crt)” above; it is saved under Downloads.',
      'Open Settings, search for “CA certificate”, confirm “Install anyway” and choose the file.',
      'Conversations and its kin ask about the certificate once instead, when you sign in: compare the fingerprint there.',
    ],
    [
      'Windows',
      'Save “Certificate (.crt)” and open it. Choose Install Certificate › Current User.',
      'Choose “Place all certificates in the following store” › Trusted Root Certification Authorities.',
    ],
    [
      'All computers of a Windows domain (for administrators)',
      'Open Group Policy Management and edit a policy that holds for these computers.',
      'Go to Computer Configuration › Policies › Windows Settings › Security Settings › Public Key Policies › Trusted Root Certification Authorities.',
      'Choose Action › Import and take the .crt file. It reaches computers with the next “gpupdate /force”.',
    ],
    ['Mac', 'Open the profile, then System Settings › General › Device Management, and install it.'],
    [
      'Firefox and Thunderbird',
      'Open Settings, search for “certificates” and choose View Certificates › Authorities › Import.',
      'Take the .crt file and tick “Trust this CA to identify websites”.',
    ],
    [
      'Linux',
      'As root: save the .pem file as /usr/local/share/ca-certificates/hallway.crt and run “update-ca-certificates” (Debian, Ubuntu).',
    ],
  ],
  none: 'Nothing is to be installed: this server has no certificate authority of its own.',
};

const de: TrustWords = {
  lang: 'de',
  title: 'Dem Server dieses Büros vertrauen',
  intro:
    'Der Chat-Server dieses Büros zeigt ein Zertifikat, das das Büro selbst ausgestellt hat. Ihr Telefon oder Rechner nimmt es an, sobald Sie das Zertifikat unten installiert haben. Das ist auf jedem Gerät einmal nötig.',
  only: 'Es kann nur für diese Namen bürgen, mit allem, was darunter liegt, und für Adressen in privaten Netzen:',
  certificate: 'Zertifikat (.crt)',
  profile: 'Profil für iPhone, iPad und Mac',
  pem: 'Zertifikat als Text (.pem)',
  compareTitle: 'Ist es das richtige?',
  compare:
    'Vergleichen Sie diesen SHA-256-Fingerabdruck mit dem, den Ihnen die Verwaltung auf einem anderen Weg als über diese Seite nennt. Weichen sie voneinander ab, installieren Sie nichts.',
  steps: [
    [
      'iPhone und iPad',
      'Tippen Sie oben in Safari auf „Profil“ und erlauben Sie es.',
      'Öffnen Sie Einstellungen › Allgemein › VPN und Geräteverwaltung, wählen Sie das Profil und tippen Sie auf Installieren.',
      'Öffnen Sie Einstellungen › Allgemein › Info › Zertifikatsvertrauenseinstellungen und schalten Sie das Zertifikat ein.',
    ],
    [
      'Android',
      'Tippen Sie oben auf „Zertifikat (.crt)“; es wird unter Downloads gespeichert.',
      'Öffnen Sie die Einstellungen, suchen Sie nach „CA-Zertifikat“, bestätigen Sie „Trotzdem installieren“ und wählen Sie die Datei.',
      'Conversations und verwandte Apps fragen stattdessen beim Anmelden einmal nach dem Zertifikat: vergleichen Sie dort den Fingerabdruck.',
    ],
    [
      'Windows',
      'Speichern Sie „Zertifikat (.crt)“ und öffnen Sie es. Wählen Sie Zertifikat installieren › Aktueller Benutzer.',
      'Wählen Sie „Alle Zertifikate in folgendem Speicher speichern“ › Vertrauenswürdige Stammzertifizierungsstellen.',
    ],
    [
      'Alle Rechner einer Windows-Domäne (für die Verwaltung)',
      'Öffnen Sie die Gruppenrichtlinienverwaltung und bearbeiten Sie eine Richtlinie, die für diese Rechner gilt.',
      'Gehen Sie zu Computerkonfiguration › Richtlinien › Windows-Einstellungen › Sicherheitseinstellungen › Richtlinien für öffentliche Schlüssel › Vertrauenswürdige Stammzertifizierungsstellen.',
      'Wählen Sie Aktion › Importieren und nehmen Sie die .crt-Datei. Mit dem nächsten „gpupdate /force“ erreicht sie die Rechner.',
    ],
    ['Mac', 'Öffnen Sie das Profil, dann Systemeinstellungen › Allgemein › Geräteverwaltung, und installieren Sie es.'],
    [
      'Firefox und Thunderbird',
      'Öffnen Sie die Einstellungen, suchen Sie nach „Zertifikate“ und wählen Sie Zertifikate anzeigen › Zertifizierungsstellen › Importieren.',
      'Nehmen Sie die .crt-Datei und setzen Sie den Haken bei „Dieser CA vertrauen, um Websites zu identifizieren“.',
    ],
    [
      'Linux',
      'Als root: speichern Sie die .pem-Datei als /usr/local/share/ca-certificates/hallway.crt und führen Sie „update-ca-certificates“ aus (Debian, Ubuntu).',
    ],
  ],
  none: 'Es ist nichts zu installieren: dieser Server hat keine eigene Zertifizierungsstelle.',
};

/** The language that a browser prefers, of those there are; English else. */
export function trustWords(acceptLanguage: string | undefined): TrustWords {
  const first = /^\s*([a-z]{2})\b/i.exec((acceptLanguage ?? '').slice(0, 100))?.[1]?.toLowerCase();
  return first === 'de' ? de : en;
}
