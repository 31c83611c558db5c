/**
 * What people choose most, and so what is tried first: in lower case, without figures and signs at the end where there is a word
 * before them. Of fewer than six characters nothing need stand here, unless figures make it longer.
 */
const WORDS = `
  password passwort passwor passwrd passw0rd p@ssw0rd p@ssword pa55word pass word motdepasse contrasena contraseña parola senha
  wachtwoord losenord lösenord salasana haslo hasło heslo jelszo geheim secret secrets topsecret mypassword yourpassword
  newpassword oldpassword nopassword thepassword passpass passwordpassword letmein letmeinnow let.me.in openup opensesame
  sesame admin administrator administrateur root rootroot toor user users guest gast guestguest test tests tester testing testtest
  demo demodemo default changeme changethis change.me changeit please pleasechange temp temporary temppass welcome willkommen
  bienvenue bienvenido benvenuto welkom hello hallo hellohello hallohallo hi.there master mastermaster login logmein login.login
  signin access superuser supervisor manager office company firma server computer internet network wireless system windows linux
  ubuntu debian samsung google facebook twitter instagram whatsapp telegram signal jabber xmpp chat chatchat hallway messenger
  qwerty qwertz azerty qwertyui qwertyuiop qwertzuiop qwertzuio azertyuiop qwerty.qwerty qwer qwerasdf qweasd qweasdzxc qwaszx
  asdf asdfg asdfgh asdfghj asdfghjk asdfghjkl asdfasdf asdasd asdzxc zxcvb zxcvbn zxcvbnm yxcvbnm yxcvb zxczxc poiuyt
  poiuytrewq lkjhgf lkjhgfdsa mnbvcxz mnbvcxy 1q2w3e 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3 q1w2e3r4 q1w2e3r4t5 1qaz2wsx
  1qaz2wsx3edc qazwsx qazwsxedc 1qazxsw2 zaq12wsx zaq1zaq1 !qaz2wsx 1a2b3c 1a2b3c4d a1b2c3 a1b2c3d4 abc abcd abcde abcdef
  abcdefg abcdefgh abcdefghi abcdefghij abcabc aabbcc xyzxyz aaaaaa 1234qwer qwer1234 12qwaszx 123qwe 123qweasd 123abc 123asd
  1234abcd 123123 1231234 12341234 1234512345 123456 1234567 12345678 123456789 1234567890 12345678910 123456789a 123456a
  a123456 0123456 01234567 012345678 0123456789 123321 1234321 123454321 12344321 654321 7654321 87654321 987654321 9876543210
  0987654321 098765 112233 11223344 1122334455 121212 12121212 131313 123654 123789 147258 147258369 147852 159357 159753 741852
  741852963 789456 789456123 456789 456123 963852741 369258147 102030 10203040 101010 10101010 100200 200000 202020 212121
  223344 232323 252525 246810 2468101214 135790 13579 1357924680 142536 151515 171717 181818 191919 314159 31415926 271828 420420
  696969 666666 555555 777777 888888 999999 000000 111111 222222 333333 444444 111222 222333 111222333 123000 007007 010203
  010101 121314 iloveyou iloveu ilovey ilu iloveme ilovegod ilovemyself loveyou loveme lovelove love lovely lover forever always
  ichliebedich jetaime teamo tequiero schatz liebe mylove mybaby baby babygirl babyboy angel angels darling sweetheart sweety
  honey sunshine princess princesa prinzessin prince queen king kingking diamond flower flowers blossom butterfly rainbow unicorn
  dragon dragons dragonball monkey tiger tigers lion eagle eagles falcon panther wolf wolves shark bear bears horse dolphin rabbit
  bunny kitty hellokitty puppy doggy cheese chocolate banana orange apple cherry peaches pepper ginger cookie cookies coffee pizza
  summer sommer winter spring autumn herbst frühling january february march april june july august september october november
  december januar februar juli juni oktober dezember monday montag tuesday wednesday thursday friday freitag saturday sunday
  sonntag football fussball soccer baseball basketball hockey tennis golf golfer chelsea arsenal liverpool manchester barcelona
  realmadrid juventus bayern schalke dortmund yankees cowboys lakers steelers ferrari porsche mercedes mustang corvette harley
  yamaha toyota honda superman batman spiderman ironman starwars skywalker matrix pokemon naruto minecraft fortnite mario zelda
  nintendo playstation xbox gandalf frodo harrypotter hunter killer ranger ninja warrior shadow phoenix thunder lightning magic
  merlin wizard mystery hacker hackme trustno trustme whatever nothing something anything blahblah nevermind iforgot forgot
  remember biteme fuckyou fuckme fuckoff asshole bitch shithead bullshit pussy sexy sexsex metallica nirvana beatles slipknot
  elvis madonna eminem blink michael michelle jordan jennifer jessica ashley amanda andrea andreas andrew anthony alexander
  alexandra benjamin charlie charles christian christina daniel daniela david elizabeth florian francesco george hannah heather
  jasmine jasper johnny jonathan joseph joshua justin lauren laura lucas maggie marina marcus maria martin martina matthew
  melissa nathalie nicholas nicole oliver patrick peter rachel rebecca richard robert samantha sandra sarah sebastian sophie
  stefan stephanie steven sabrina taylor thomas tigger tobias vanessa veronica victoria vincent william london paris berlin madrid
  moscow vienna america germany deutschland france england australia canada mexico brasil italia espana europe newyork california
  texas freedom liberty jesus jesuschrist godisgood blessed heaven hallelujah buddha krishna maverick scooter snoopy garfield
  mickey donald bailey buster lucky happy smile smiley cooper rocky silver golden purple yellow black white secure security
  safety private business finance accounting marketing support service helpdesk info contact mailmail email office.office
`;

const COMMON: ReadonlySet<string> = new Set(WORDS.trim().split(/\s+/));

/** The word before up to four figures or signs, which is how one that was refused is mended. */
const ENDING = /[\d!?.*#$@_+-]{1,4}$/;

/** Whether a password is one of those that whoever guesses tries first. */
export function isCommon(password: string): boolean {
  const plain = password.normalize('NFKC').trim().toLowerCase();
  return COMMON.has(plain) || COMMON.has(plain.replace(ENDING, '')) || new Set(plain).size < 3;
}
