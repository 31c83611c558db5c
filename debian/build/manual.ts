import { VERBS } from '../../server/cli/run.ts';
import { COMMON, OPTIONS, type OptionName } from '../../server/cli/verb.ts';

/** Text as roff takes it. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replace(/[-~^`]/g, (sign) => ({ '-': '\\-', '~': '\\(ti', '^': '\\(ha', '`': '\\(ga' })[sign]!)
    .replace(/^(['.])/gm, '\\&$1');
}

function flag(name: OptionName): string {
  const { value, short }: { value?: string; short?: string; help: string } = OPTIONS[name];
  const long = `\\fB${roff(`--${name}`)}\\fR${value === undefined ? '' : ` \\fI${roff(value)}\\fR`}`;
  return short === undefined ? long : `\\fB\\-${short}\\fR, ${long}`;
}

function option(name: OptionName): string {
  return `.TP\n${flag(name)}\n${roff(OPTIONS[name].help)}\n`;
}

/** The manual page hallwayctl(1), made of what hallwayctl says of itself. `day` as 2026-01-31. */
export function manualPage(version: string, day: string): string {
  const verbs = VERBS.map(({ words, args, options, summary }) => {
    const call = [`\\fB${roff(words)}\\fR`, ...args.map((arg) => `\\fI${roff(arg)}\\fR`)].join(' ');
    const taken =
      options.length === 0 ? '' : `.br\nOptions: ${options.map((name) => `\\fB${roff(`--${name}`)}\\fR`).join(', ')}\n`;
    return `.TP\n${call}\n${roff(summary)}\n${taken}`;
  });
  const others = (Object.keys(OPTIONS) as OptionName[]).filter((name) => !COMMON.includes(name));
  return `.TH HALLWAYCTL 1 ${day} "Hallway ${roff(version)}" "Hallway"
.SH NAME
hallwayctl \\- run a Hallway server from the command line
.SH SYNOPSIS
.B hallwayctl
.RI [ OPTIONS ]
.I VERB
\\&...
.SH DESCRIPTION
.B hallwayctl
speaks with the server on this machine through a socket in the data folder, which only root and the server may open: run it with
.BR sudo (8).
What it does is written into the activity log of the server under the name of whoever called.
.P
.B hallwayctl
.I VERB
.B \\-\\-help
says how one verb is used.
.SH OPTIONS
Every verb takes these.
${COMMON.map(option).join('')}.SH VERBS
${verbs.join('')}.SH OPTIONS OF VERBS
An option means the same wherever it is taken.
${others.map(option).join('')}.SH EXIT STATUS
0 when it is done, 1 when the server refused, 2 when it was called wrongly, 3 when the server is not running.
.SH FILES
.TP
.I /etc/hallway/hallway.toml
The boot file.
.TP
.I /var/lib/hallway
The data folder.
.SH EXAMPLES
.TP
.B sudo hallwayctl claim\\-code
The code with which a new server is claimed in the browser.
.TP
.B sudo hallwayctl user add juliet@example.com \\-\\-generate
A person, with a password that is shown once.
.TP
.B sudo hallwayctl backup /mnt/usb/hallway.age
A backup.
.SH SEE ALSO
.BR hallway.toml (5),
.BR systemctl (1),
.BR journalctl (1)
`;
}

/** What bash offers after `hallwayctl` and the tabulator: verbs, then their options, then files. */
export function bashCompletion(): string {
  const rows = VERBS.map(({ words, options }) => `    [${quote(words)}]=${quote(flags([...options, ...COMMON]))}`);
  return `# bash completion for hallwayctl(1)
_hallwayctl()
{
    local -A verbs=(
${rows.join('\n')}
    )
    local cur=\${COMP_WORDS[COMP_CWORD]} verb= word known= said=
    local -i i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=\${COMP_WORDS[i]}
        [[ $word == -* ]] && continue
        said+="\${said:+ }$word"
        [[ -n \${verbs[$said]+x} ]] && verb=$said
    done
    case $cur in
        -*)
            known=\${verbs[$verb]-${flags(COMMON)}}
            ;;
        *)
            for word in "\${!verbs[@]}"; do
                if [[ -z $said ]]; then
                    known+=" \${word%% *}"
                elif [[ $word == "$said "* ]]; then
                    word=\${word#"$said "}
                    known+=" \${word%% *}"
                fi
            done
            ;;
    esac
    while IFS= read -r word; do
        [[ -n $word ]] && COMPREPLY+=("$word")
    done < <(compgen -W "$known" -- "$cur" | sort -u)
}
complete -o bashdefault -o default -F _hallwayctl hallwayctl
`;
}

function flags(names: readonly OptionName[]): string {
  return names.map((name) => `--${name}`).join(' ');
}

function quote(text: string): string {
  return `"${text}"`;
}
