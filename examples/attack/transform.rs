//! Ways in which spammers write a text so that people read it and filters do not.
//!
//! This table knows nothing of `src/train/disguise.rs`, which the model learns from, and nothing
//! of `src/normalize`, which undoes disguises: three tables made from one would agree on their
//! gaps. Where chance decides (look-alikes, marks), it is drawn from the text itself, so the
//! same text always gives the same attack.

/// What a transformation does.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Letters and digits in the order A–Z, a–z, 0–9; a space where there is no form.
    Alphabet(&'static str),
    /// Pairs: a letter and one that passes for it.
    Pairs(&'static str),
    /// Each letter from one of several tables of pairs.
    Mixed(&'static [&'static str]),
    /// One of these between the characters of words.
    Between(&'static [char]),
    /// This between the characters of words, words two spaces apart.
    Apart(&'static str),
    /// These marks, as many as given at least and at most, behind each letter.
    Marks(&'static [char], usize, usize),
    /// This in the middle of each word.
    Inside(&'static str),
    /// Words mirrored behind an override of direction.
    Reversed,
    /// Mirrored and turned letters.
    UpsideDown,
    /// Letters of the mathematical block from this offset on, cut to 16 bits.
    Truncated(u32),
    /// Numeric entities of HTML.
    Entities,
    /// Small and capital letters take turns.
    Waves,
    /// Another way on the longest word only.
    OneWord(&'static str),
    /// Two ways, one after the other.
    Both(&'static str, &'static str),
}

/// A named way to disguise text.
#[derive(Debug, Clone, Copy)]
pub struct Transformation {
    /// The name on the command line and in tables.
    pub name: &'static str,
    /// Whether training disguises promos in a way of this kind too.
    pub trained: bool,
    way: Way,
}

const fn trained(name: &'static str, way: Way) -> Transformation {
    Transformation { name, trained: true, way }
}

const fn unseen(name: &'static str, way: Way) -> Transformation {
    Transformation { name, trained: false, way }
}

const CYRILLIC: &str = "AАBВCСEЕHНIІJЈKКMМOОPРSЅTТXХYУaаcсeеhһiіjјkкoоpрsѕtтxхyуbЬdԁqԛwѡnпmмgԌ";
const GREEK: &str = "AΑBΒEΕHΗIΙKΚMΜNΝOΟPΡTΤXΧYΥZΖaαbβeεiιkκnηoοpρsςtτuυvνwωxχyγ";
const ARMENIAN: &str = "OՕSՏUՍLԼaаgցhհjյnոoօqզuսfքwա";
const CHEROKEE: &str = "AᎪBᏴCᏟDᎠEᎬGᏀHᎻJᎫKᏦLᏞMᎷPᏢRᎡSᏚTᎢVᏙWᎳYᎩZᏃaᎪbᏏcᏟeᎬgᎶhᏂiᎥjᎫkᏦlᏞmᎷoᎤpᏢrᎡsᏕtᎿvᏉwᏔyᎽzᏃ";
const LISU: &str = "AꓮBꓐCꓚDꓓEꓰFꓝGꓖHꓧIꓲJꓙKꓗLꓡMꓟNꓠOꓳPꓑRꓣSꓢTꓔUꓴVꓦWꓪXꓫYꓬZꓜ\
aꓮbꓐcꓚdꓓeꓰfꓝgꓖhꓧiꓲjꓙkꓗlꓡmꓟnꓠoꓳpꓑrꓣsꓢtꓔuꓴvꓦwꓪxꓫyꓬzꓜ";
const FLAIR: &str = "aαbɓcƈdɗeεfʄgɠhɦiιjʝkƙlʅmɱnŋoσpρqʠrɾsʂtƭuυvѵwωxҳyყzʐ\
AαBɓCƈDɗEεFʄGɠHɦIιJʝKƙLʅMɱNŋOσPρQʠRɾSʂTƭUυVѵWωXҳYყZʐ";
const CURRENCY: &str = "a₳b฿c₵dĐeɆf₣g₲hⱧiłjJk₭lⱠm₥n₦oØp₱rⱤs₴t₮uɄw₩xӾyɎzⱫ\
A₳B฿C₵DĐEɆF₣G₲HⱧIłK₭LⱠM₥N₦OØP₱RⱤS₴T₮UɄW₩XӾYɎZⱫ";
const BRUSH: &str = "a卂b乃c匚d刀e乇f千g厶h卄i工j丁k片l乚m爪n几o口p卩q甲r尺s丂t丅u凵v人w山x乂y丫z乙\
A卂B乃C匚D刀E乇F千G厶H卄I工J丁K片L乚M爪N几O口P卩Q甲R尺S丂T丅U凵V人W山X乂Y丫Z乙";
const LEET: &str = "a4A4e3E3i1I1o0O0s5S5t7T7";
const LEET_SIGNS: &str = "a@A@e3E3i!I!o0O0s$S$t+T+l1L1b8B8g9G9";
const ACCENTED: &str = "aāeėiīoőuůcčdďgğhĥjĵkķlĺmḿnńpṕrŕsśtťvṽwŵxẍyŷzžbḃ\
AĀEĖIĪOŐUŮCČDĎGĞHĤJĴKĶLĹMḾNŃPṔRŔSŚTŤVṼWŴXẌYŶZŽBḂ";

/// All transformations.
pub const TRANSFORMATIONS: &[Transformation] = &[
    trained("math-bold", Way::Alphabet("𝐀𝐁𝐂𝐃𝐄𝐅𝐆𝐇𝐈𝐉𝐊𝐋𝐌𝐍𝐎𝐏𝐐𝐑𝐒𝐓𝐔𝐕𝐖𝐗𝐘𝐙𝐚𝐛𝐜𝐝𝐞𝐟𝐠𝐡𝐢𝐣𝐤𝐥𝐦𝐧𝐨𝐩𝐪𝐫𝐬𝐭𝐮𝐯𝐰𝐱𝐲𝐳𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")),
    trained("math-italic", Way::Alphabet("𝐴𝐵𝐶𝐷𝐸𝐹𝐺𝐻𝐼𝐽𝐾𝐿𝑀𝑁𝑂𝑃𝑄𝑅𝑆𝑇𝑈𝑉𝑊𝑋𝑌𝑍𝑎𝑏𝑐𝑑𝑒𝑓𝑔ℎ𝑖𝑗𝑘𝑙𝑚𝑛𝑜𝑝𝑞𝑟𝑠𝑡𝑢𝑣𝑤𝑥𝑦𝑧")),
    trained("math-bold-italic", Way::Alphabet("𝑨𝑩𝑪𝑫𝑬𝑭𝑮𝑯𝑰𝑱𝑲𝑳𝑴𝑵𝑶𝑷𝑸𝑹𝑺𝑻𝑼𝑽𝑾𝑿𝒀𝒁𝒂𝒃𝒄𝒅𝒆𝒇𝒈𝒉𝒊𝒋𝒌𝒍𝒎𝒏𝒐𝒑𝒒𝒓𝒔𝒕𝒖𝒗𝒘𝒙𝒚𝒛")),
    unseen("math-script", Way::Alphabet("𝒜ℬ𝒞𝒟ℰℱ𝒢ℋℐ𝒥𝒦ℒℳ𝒩𝒪𝒫𝒬ℛ𝒮𝒯𝒰𝒱𝒲𝒳𝒴𝒵𝒶𝒷𝒸𝒹ℯ𝒻ℊ𝒽𝒾𝒿𝓀𝓁𝓂𝓃ℴ𝓅𝓆𝓇𝓈𝓉𝓊𝓋𝓌𝓍𝓎𝓏")),
    trained("math-bold-script", Way::Alphabet("𝓐𝓑𝓒𝓓𝓔𝓕𝓖𝓗𝓘𝓙𝓚𝓛𝓜𝓝𝓞𝓟𝓠𝓡𝓢𝓣𝓤𝓥𝓦𝓧𝓨𝓩𝓪𝓫𝓬𝓭𝓮𝓯𝓰𝓱𝓲𝓳𝓴𝓵𝓶𝓷𝓸𝓹𝓺𝓻𝓼𝓽𝓾𝓿𝔀𝔁𝔂𝔃")),
    unseen("math-fraktur", Way::Alphabet("𝔄𝔅ℭ𝔇𝔈𝔉𝔊ℌℑ𝔍𝔎𝔏𝔐𝔑𝔒𝔓𝔔ℜ𝔖𝔗𝔘𝔙𝔚𝔛𝔜ℨ𝔞𝔟𝔠𝔡𝔢𝔣𝔤𝔥𝔦𝔧𝔨𝔩𝔪𝔫𝔬𝔭𝔮𝔯𝔰𝔱𝔲𝔳𝔴𝔵𝔶𝔷")),
    trained("math-bold-fraktur", Way::Alphabet("𝕬𝕭𝕮𝕯𝕰𝕱𝕲𝕳𝕴𝕵𝕶𝕷𝕸𝕹𝕺𝕻𝕼𝕽𝕾𝕿𝖀𝖁𝖂𝖃𝖄𝖅𝖆𝖇𝖈𝖉𝖊𝖋𝖌𝖍𝖎𝖏𝖐𝖑𝖒𝖓𝖔𝖕𝖖𝖗𝖘𝖙𝖚𝖛𝖜𝖝𝖞𝖟")),
    trained("math-double-struck", Way::Alphabet("𝔸𝔹ℂ𝔻𝔼𝔽𝔾ℍ𝕀𝕁𝕂𝕃𝕄ℕ𝕆ℙℚℝ𝕊𝕋𝕌𝕍𝕎𝕏𝕐ℤ𝕒𝕓𝕔𝕕𝕖𝕗𝕘𝕙𝕚𝕛𝕜𝕝𝕞𝕟𝕠𝕡𝕢𝕣𝕤𝕥𝕦𝕧𝕨𝕩𝕪𝕫𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡")),
    trained("math-sans", Way::Alphabet("𝖠𝖡𝖢𝖣𝖤𝖥𝖦𝖧𝖨𝖩𝖪𝖫𝖬𝖭𝖮𝖯𝖰𝖱𝖲𝖳𝖴𝖵𝖶𝖷𝖸𝖹𝖺𝖻𝖼𝖽𝖾𝖿𝗀𝗁𝗂𝗃𝗄𝗅𝗆𝗇𝗈𝗉𝗊𝗋𝗌𝗍𝗎𝗏𝗐𝗑𝗒𝗓𝟢𝟣𝟤𝟥𝟦𝟧𝟨𝟩𝟪𝟫")),
    trained("math-sans-bold", Way::Alphabet("𝗔𝗕𝗖𝗗𝗘𝗙𝗚𝗛𝗜𝗝𝗞𝗟𝗠𝗡𝗢𝗣𝗤𝗥𝗦𝗧𝗨𝗩𝗪𝗫𝗬𝗭𝗮𝗯𝗰𝗱𝗲𝗳𝗴𝗵𝗶𝗷𝗸𝗹𝗺𝗻𝗼𝗽𝗾𝗿𝘀𝘁𝘂𝘃𝘄𝘅𝘆𝘇𝟬𝟭𝟮𝟯𝟰𝟱𝟲𝟳𝟴𝟵")),
    unseen("math-sans-italic", Way::Alphabet("𝘈𝘉𝘊𝘋𝘌𝘍𝘎𝘏𝘐𝘑𝘒𝘓𝘔𝘕𝘖𝘗𝘘𝘙𝘚𝘛𝘜𝘝𝘞𝘟𝘠𝘡𝘢𝘣𝘤𝘥𝘦𝘧𝘨𝘩𝘪𝘫𝘬𝘭𝘮𝘯𝘰𝘱𝘲𝘳𝘴𝘵𝘶𝘷𝘸𝘹𝘺𝘻")),
    unseen("math-sans-bold-italic", Way::Alphabet("𝘼𝘽𝘾𝘿𝙀𝙁𝙂𝙃𝙄𝙅𝙆𝙇𝙈𝙉𝙊𝙋𝙌𝙍𝙎𝙏𝙐𝙑𝙒𝙓𝙔𝙕𝙖𝙗𝙘𝙙𝙚𝙛𝙜𝙝𝙞𝙟𝙠𝙡𝙢𝙣𝙤𝙥𝙦𝙧𝙨𝙩𝙪𝙫𝙬𝙭𝙮𝙯")),
    trained("math-monospace", Way::Alphabet("𝙰𝙱𝙲𝙳𝙴𝙵𝙶𝙷𝙸𝙹𝙺𝙻𝙼𝙽𝙾𝙿𝚀𝚁𝚂𝚃𝚄𝚅𝚆𝚇𝚈𝚉𝚊𝚋𝚌𝚍𝚎𝚏𝚐𝚑𝚒𝚓𝚔𝚕𝚖𝚗𝚘𝚙𝚚𝚛𝚜𝚝𝚞𝚟𝚠𝚡𝚢𝚣𝟶𝟷𝟸𝟹𝟺𝟻𝟼𝟽𝟾𝟿")),
    trained(
        "fullwidth",
        Way::Alphabet(
            "ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ０１２３４５６７８９",
        ),
    ),
    trained("circled", Way::Alphabet("ⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ⓪①②③④⑤⑥⑦⑧⑨")),
    trained("negative-circled", Way::Alphabet("🅐🅑🅒🅓🅔🅕🅖🅗🅘🅙🅚🅛🅜🅝🅞🅟🅠🅡🅢🅣🅤🅥🅦🅧🅨🅩🅐🅑🅒🅓🅔🅕🅖🅗🅘🅙🅚🅛🅜🅝🅞🅟🅠🅡🅢🅣🅤🅥🅦🅧🅨🅩⓿❶❷❸❹❺❻❼❽❾")),
    unseen("parenthesised", Way::Alphabet("🄐🄑🄒🄓🄔🄕🄖🄗🄘🄙🄚🄛🄜🄝🄞🄟🄠🄡🄢🄣🄤🄥🄦🄧🄨🄩⒜⒝⒞⒟⒠⒡⒢⒣⒤⒥⒦⒧⒨⒩⒪⒫⒬⒭⒮⒯⒰⒱⒲⒳⒴⒵ ⑴⑵⑶⑷⑸⑹⑺⑻⑼")),
    trained("squared", Way::Alphabet("🄰🄱🄲🄳🄴🄵🄶🄷🄸🄹🄺🄻🄼🄽🄾🄿🅀🅁🅂🅃🅄🅅🅆🅇🅈🅉🄰🄱🄲🄳🄴🄵🄶🄷🄸🄹🄺🄻🄼🄽🄾🄿🅀🅁🅂🅃🅄🅅🅆🅇🅈🅉")),
    trained("negative-squared", Way::Alphabet("🅰🅱🅲🅳🅴🅵🅶🅷🅸🅹🅺🅻🅼🅽🅾🅿🆀🆁🆂🆃🆄🆅🆆🆇🆈🆉🅰🅱🅲🅳🅴🅵🅶🅷🅸🅹🅺🅻🅼🅽🅾🅿🆀🆁🆂🆃🆄🆅🆆🆇🆈🆉")),
    trained("regional-indicators", Way::Alphabet("🇦🇧🇨🇩🇪🇫🇬🇭🇮🇯🇰🇱🇲🇳🇴🇵🇶🇷🇸🇹🇺🇻🇼🇽🇾🇿🇦🇧🇨🇩🇪🇫🇬🇭🇮🇯🇰🇱🇲🇳🇴🇵🇶🇷🇸🇹🇺🇻🇼🇽🇾🇿")),
    trained("small-capitals", Way::Alphabet("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ ʏᴢᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ ʏᴢ")),
    unseen("superscript", Way::Alphabet("ᴬᴮᶜᴰᴱᶠᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾ ᴿˢᵀᵁⱽᵂˣʸᶻᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖ ʳˢᵗᵘᵛʷˣʸᶻ⁰¹²³⁴⁵⁶⁷⁸⁹")),
    unseen("subscript", Way::Alphabet("                          ₐ   ₑ  ₕᵢⱼₖₗₘₙₒₚ ᵣₛₜᵤᵥ ₓ  ₀₁₂₃₄₅₆₇₈₉")),
    trained("cyrillic", Way::Pairs(CYRILLIC)),
    trained("greek", Way::Pairs(GREEK)),
    unseen("armenian", Way::Pairs(ARMENIAN)),
    unseen("cherokee", Way::Pairs(CHEROKEE)),
    unseen("lisu", Way::Pairs(LISU)),
    unseen("flair", Way::Pairs(FLAIR)),
    unseen("currency", Way::Pairs(CURRENCY)),
    unseen("brush", Way::Pairs(BRUSH)),
    unseen("mixed-scripts", Way::Mixed(&[CYRILLIC, GREEK, ARMENIAN, CHEROKEE, ""])),
    trained(
        "mixed-styles",
        Way::Mixed(&["aａeｅiｉoｏuｕsｓtｔ", "a𝗮e𝗲i𝗶o𝗼u𝘂s𝘀t𝘁n𝗻r𝗿", CYRILLIC, "aⓐeⓔiⓘoⓞuⓤsⓢtⓣ", ""]),
    ),
    trained("leet", Way::Pairs(LEET)),
    unseen("leet-signs", Way::Pairs(LEET_SIGNS)),
    unseen("accents", Way::Pairs(ACCENTED)),
    unseen("waves", Way::Waves),
    unseen("upside-down", Way::UpsideDown),
    trained("zero-width", Way::Between(&['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'])),
    trained("soft-hyphen", Way::Between(&['\u{ad}'])),
    unseen("hangul-filler", Way::Between(&['\u{3164}', '\u{115f}', '\u{ffa0}'])),
    unseen("variation-selectors", Way::Between(&['\u{fe00}', '\u{fe01}', '\u{fe0e}', '\u{fe0f}', '\u{e0100}'])),
    unseen("tag-characters", Way::Between(&['\u{e0061}', '\u{e0062}', '\u{e0073}', '\u{e007f}'])),
    trained("reversed", Way::Reversed),
    trained("overlay-stroke", Way::Marks(&['\u{336}'], 1, 1)),
    unseen("overlay-slash", Way::Marks(&['\u{338}', '\u{337}'], 1, 1)),
    unseen("enclosing", Way::Marks(&['\u{20dd}', '\u{20de}'], 1, 1)),
    unseen(
        "zalgo",
        Way::Marks(
            &[
                '\u{300}', '\u{303}', '\u{30a}', '\u{315}', '\u{31b}', '\u{324}', '\u{32d}', '\u{33e}', '\u{346}',
                '\u{35c}',
            ],
            2,
            5,
        ),
    ),
    trained("spaced", Way::Apart(" ")),
    unseen("spaced-thin", Way::Apart("\u{2009}")),
    trained("dotted", Way::Apart(".")),
    unseen("middle-dotted", Way::Apart("·")),
    trained("slashed", Way::Apart("/")),
    unseen("dashed", Way::Apart("-")),
    unseen("underscored", Way::Apart("_")),
    unseen("starred", Way::Apart("*")),
    trained("keycaps", Way::Marks(&['\u{20e3}'], 1, 1)),
    trained("emoji-inside", Way::Inside("⭐")),
    unseen("emoji-between", Way::Apart("🔥")),
    trained("truncated-bold", Way::Truncated(0)),
    unseen("truncated-sans-bold", Way::Truncated(0x1d5d4 - 0x1d400)),
    unseen("entities", Way::Entities),
    unseen("one-word-math-sans-bold", Way::OneWord("math-sans-bold")),
    unseen("one-word-cyrillic", Way::OneWord("cyrillic")),
    unseen("one-word-zero-width", Way::OneWord("zero-width")),
    unseen("math-bold+dotted", Way::Both("math-bold", "dotted")),
    unseen("fullwidth+zero-width", Way::Both("fullwidth", "zero-width")),
    unseen("cyrillic+spaced", Way::Both("cyrillic", "spaced")),
    unseen("leet+soft-hyphen", Way::Both("leet", "soft-hyphen")),
    unseen("small-capitals+emoji-inside", Way::Both("small-capitals", "emoji-inside")),
    unseen("circled+overlay-stroke", Way::Both("circled", "overlay-stroke")),
    unseen("greek+slashed", Way::Both("greek", "slashed")),
    unseen("leet+cyrillic", Way::Both("leet", "cyrillic")),
];

impl Transformation {
    /// Returns the transformation of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TRANSFORMATIONS.iter().find(|known| known.name == name)
    }

    /// Returns `text` disguised; characters that the transformation has no form for stay.
    pub fn apply(&self, text: &str) -> String {
        let mut chance = Chance::of(text);
        match self.way {
            Way::Alphabet(letters) => text.chars().map(|c| letter_of(letters, c)).collect(),
            Way::Pairs(pairs) => text.chars().map(|c| partner(pairs, c)).collect(),
            Way::Mixed(tables) => text.chars().map(|c| partner(tables[chance.below(tables.len())], c)).collect(),
            Way::Between(signs) => join_letters(text, |_| signs[chance.below(signs.len())].to_string()),
            Way::Apart(sign) => text
                .split(' ')
                .map(|word| word.chars().map(String::from).collect::<Vec<_>>().join(sign))
                .collect::<Vec<_>>()
                .join("  "),
            Way::Marks(marks, least, most) => {
                let mut out = String::new();
                for c in text.chars() {
                    out.push(c);
                    if c.is_alphanumeric() {
                        let count = least + chance.below(most - least + 1);
                        out.extend((0..count).map(|_| marks[chance.below(marks.len())]));
                    }
                }
                out
            }
            Way::Inside(sign) => words(text, |word| {
                let half = word.chars().count() / 2;
                let at = word.char_indices().nth(half).map_or(0, |(at, _)| at);
                if at == 0 { word.to_owned() } else { format!("{}{sign}{}", &word[..at], &word[at..]) }
            }),
            Way::Reversed => format!("\u{202e}{}\u{202c}", text.chars().rev().collect::<String>()),
            Way::UpsideDown => {
                const TURNED: &str = "aɐbqcɔdpeǝfɟgƃhɥiᴉjɾkʞmɯnupdqbrɹtʇunvʌwʍyʎ";
                let lower = text.to_lowercase();
                // Of all letters only those that can be turned: a text with none stays.
                if lower.chars().any(|c| partner(TURNED, c) != c) {
                    lower.chars().rev().map(|c| partner(TURNED, c)).collect()
                } else {
                    text.to_owned()
                }
            }
            Way::Truncated(offset) => text
                .chars()
                .map(|c| {
                    let index = match c {
                        'A'..='Z' => c as u32 - 'A' as u32,
                        'a'..='z' => c as u32 - 'a' as u32 + 26,
                        _ => return c,
                    };
                    char::from_u32((0x1d400 + offset + index) & 0xffff).unwrap_or(c)
                })
                .collect(),
            Way::Entities => text
                .chars()
                .map(|c| if c.is_alphanumeric() { format!("&#x{:x};", c as u32) } else { c.to_string() })
                .collect(),
            Way::Waves => text
                .chars()
                .enumerate()
                .map(|(index, c)| if index % 2 == 0 { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
                .collect(),
            Way::OneWord(name) => {
                let longest = text.split(' ').rev().max_by_key(|word| word.chars().count()).unwrap_or_default();
                let way = Self::named(name).expect("the table names its own rows");
                let mut done = false;
                words(text, |word| {
                    if !done && word == longest {
                        done = true;
                        way.apply(word)
                    } else {
                        word.to_owned()
                    }
                })
            }
            Way::Both(first, second) => {
                let way = |name| Self::named(name).expect("the table names its own rows");
                way(second).apply(&way(first).apply(text))
            }
        }
    }
}

/// The form of an ASCII letter or digit in an alphabet.
fn letter_of(letters: &str, c: char) -> char {
    let index = match c {
        'A'..='Z' => c as usize - 'A' as usize,
        'a'..='z' => c as usize - 'a' as usize + 26,
        '0'..='9' => c as usize - '0' as usize + 52,
        _ => return c,
    };
    letters.chars().nth(index).filter(|&form| form != ' ').unwrap_or(c)
}

/// What stands behind `c` in a table of pairs.
fn partner(pairs: &str, c: char) -> char {
    let mut letters = pairs.chars();
    while let (Some(from), Some(to)) = (letters.next(), letters.next()) {
        if from == c {
            return to;
        }
    }
    c
}

/// Puts what `sign` gives between neighbouring letters and digits.
fn join_letters(text: &str, mut sign: impl FnMut(char) -> String) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        if inside && c.is_alphanumeric() {
            out.push_str(&sign(c));
        }
        inside = c.is_alphanumeric();
        out.push(c);
    }
    out
}

fn words(text: &str, change: impl FnMut(&str) -> String) -> String {
    text.split(' ').map(change).collect::<Vec<_>>().join(" ")
}

/// A sequence that depends on the text alone (FNV-1a, then xorshift).
struct Chance(u64);

impl Chance {
    fn of(text: &str) -> Self {
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(hash | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % limit as u64) as usize
    }
}
