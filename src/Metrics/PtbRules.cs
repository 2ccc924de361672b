using static Madtp.Kit.Metrics.PtbStart;

namespace Madtp.Kit.Metrics;

/// <summary>The rules of Penn Treebank tokenization, in the order in which they win among equals.</summary>
internal static class PtbRules
{
    private const string Blank = @"[ \t\u00A0\u2000-\u200A\u3000]";
    private const string BlankOrBreak = @"[ \t\u00A0\u2000-\u200A\u3000\r\n\u2028\u2029\u000B\u000C\u0085]";

    /// <summary>Letters; marks and signs that count as letters inside words; accented letters written as references.</summary>
    private const string WordCharacter = @"(?:[\p{L}\u00AD\u02C2-\u02C5\u02D2-\u02DF\u02E5-\u02FF\u0300-\u036F\u0375\u0384"
        + @"\u0385\u03F6\u0483-\u0487\u055A-\u055F\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0615-\u061A\u064B-\u065E"
        + @"\u0670\u06D6-\u06EF\u06FD\u06FE\u070F\u0711\u0730-\u074A\u07A6-\u07B0\u07EB-\u07F3\u0900-\u0903\u093C\u093E-\u094E"
        + @"\u0951-\u0955\u0962\u0963\u0981-\u0983\u09BC-\u09C4\u09C7\u09C8\u09CB-\u09CD\u09D7\u09E2\u09E3\u0A01-\u0A03\u0A3C"
        + @"\u0A3E-\u0A4F\u0A81-\u0A83\u0ABC-\u0ACF\u0B82\u0BBE-\u0BC2\u0BC6-\u0BC8\u0BCA-\u0BCD\u0C01-\u0C03\u0C3E-\u0C56"
        + @"\u0D3E-\u0D44\u0D46-\u0D48\u0E31-\u0E3A\u0E47-\u0E4E\u0EB1-\u0EBC\u0EC8-\u0ECD]|&[aeiouAEIOU](?:acute|grave|uml);)";
    private const string Word = WordCharacter + @"(?:" + WordCharacter + @"|\p{Nd})*(?:[.!?]" + WordCharacter + "(?:"
        + WordCharacter + @"|\p{Nd})*)*";
    private const string Apostrophe = @"(?:['\u0092\u2019]|&apos;)";
    private const string AnyApostrophe = @"(?:['\u0091\u0092\u2018\u2019\u201B]|&apos;)";
    private const string Clitic = Apostrophe + "(?:[msdMSD]|(?i:re|ve|ll))";
    private const string Negation = "[nN]" + AnyApostrophe + "[tT]";
    private const string Number = @"[-+]?(?:\p{Nd}+(?:[.:,\u00AD\u066B\u066C]\p{Nd}+)*|(?:[.,\u066B\u066C]\p{Nd}+)+)";
    private const string Elision = "(?:[dDoOlL]" + AnyApostrophe + @"[\p{L}\p{Nd}])?";
    private const string Joined = Elision + @"[\p{L}\p{Nd}]+(?:[-_\u058A\u2010\u2011]" + Elision + @"[\p{L}\p{Nd}]+)*";
    private const string Initials = @"(?:(?i:(?:Canada|Sino|Korean|EU|Japan|non)-U\.S|U\.S\.-(?:U\.S\.S\.R|U\.K))"
        + @"|[A-Za-z](?:\.[A-Za-z])+)";
    private const string BeforeHyphen = @"[A-Za-z0-9][A-Za-z0-9.,\u00AD]*";
    private const string Hyphenated = BeforeHyphen + "(?:-(?:" + Initials + @"\."
        + @"|[A-Za-z0-9\u00AD]+(?:\.[0-9]+)?))+";
    private const string Ampersanded = "[A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)+";
    private const string SiteUnit = @"[^ \t\n\f\r""<>|.!?(){},]";
    private const string PlainSiteUnit = @"[^ \t\n\f\r""`'<>|!?(){}$,-_]";
    private const string SitePath = @"(?:/[^ \t\n\f\r""<>|()]+[^ \t\n\f\r""<>|.!?(){},-])?";
    private const string MailUnit = @"[^ \t\n\f\r""<>|(){}\u00A0]";
    private const string AfterClause = @"[,;:\u3001]";

    /// <summary>Abbreviations that may end a sentence: months and days, states, companies, and a few more.</summary>
    private const string MayEnd = @"(?:(?i:(?:Ed|Ph)\.D|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Mon|Tues?|Wed|Thu(?:rs)?"
        + "|Fri|Ala|Ariz|Calif|Colo|Conn|Dak|Del|Fla|Ga|Ind|Kans?|Ky|La|Md|Mich|Minn|Mo|Mont|Neb|Nev|Okla|Pa|Penn|Tenn|Tex|Va"
        + "|Vt|Wisc?|Wyo"
        + @"|Inc|Cos?|Corp|Pp?tys?|Ltd|Plc|Bancorp|Dept|Bhd|Assn|Univ|Intl|Sys|Nos?|Prop|Ph|tel|est|ext|sq|ft|Jr|Sr|Bros"
        + "|Blvd|Rd|Esq|etc|al|seq)"
        + @"|A(?i:rk)|I(?i:ll)|M(?i:ass|iss)|O(?i:re)|W(?i:ash))\.";

    /// <summary>Abbreviations that stand before a name: titles, and a few more; and single letters.</summary>
    private const string BeforeName = "(?:(?i:Mrs?|Ms|Drs?|Profs?|Sens?|Reps?|Attys?|Lt|Col|Gen|Messrs|Govs?|Adm|Rev|Maj"
        + "|Sgt|Cpl|Pvt|Mt|Capt|Ste?|Ave|Pres|Lieut|Hon|Brig|Co?mdr|Pfc|Spc|Supts?|Det"
        + "|vs|Alex|Wm|Jos|Cie|cf|TREAS|Invt|Elec|Natl)|[Mm][ft][gG]|M(?i:iss)|" + Initials + @"|[A-Za-z])\.";

    /// <summary>Words that, with a capital, begin a sentence after initials.</summary>
    private const string SentenceStart = @"(?:About|According|Additionally|After|An?|As|At|But|Earlier|Her?e?|However|If"
        + @"|In|It|Last|Many|More|Mr\.|Ms\.|Now|Once|One|Other|Our|She|Since|So|Some|Such|That|The[nyr]?|There|These|This"
        + @"|We|When|While|What|Yet|You)";

    public static IReadOnlyList<PtbRule> All { get; } =
    [
        new(Letter, @"(?i:cannot)", GiveBack: 3),
        new(Letter, @"(?i:gonna|gotta|lemme|gimme|wanna)", GiveBack: 2), // contracted
        // tag: a comment or instruction; one that closes; one that opens
        new(Sign, @"<[!?][A-Za-z-][^>\r\n]*>", Unbroken, Reach: @"<[!?][A-Za-z-][^>\r\n]*"),
        new(Sign, @"</[A-Za-z][\w:.-]* *>", Unbroken),
        new(Sign, @"<[A-Za-z][\w:.-]*(?: +[A-Za-z][\w:.-]*(?: *= *(?:'[^'\r\n]*'|""[^""\r\n]*""|[A-Za-z][\w:.-]*))?)*"
            + @" *(?:/ *)?>", Unbroken),
        new(Sign | Reference, @"(?:&(?i:MD|mdash|ndash);|[\u0096\u0097\u2013-\u2015])", _ => "--"), // dash
        new(Reference, @"(?i:&amp;)", _ => "&"), // ampersand
        new(Reference, @"&(?i:HT|TL|UR|LR|QC|QL|QR|odq|cdq|#[0-9]+);"), // named sign
        new(Letter | Reference, @"(?<t>" + Word + ")" + Clitic, WithoutSoftHyphens), // word before clitic
        new(Letter, @"(?<t>[A-Za-z\u00AD]*[A-MO-Za-mo-z]\u00AD*)" + Negation, WithoutSoftHyphens), // word before negation
        new(Letter | Reference, Word, WithoutSoftHyphens), // plain word
        // apostrophe word
        new(Letter, @"(?:[A-HJ-XZn]" + AnyApostrophe + @"\p{L}{2,}|\p{L}+[aeiouyAEIOUY]" + AnyApostrophe
            + @"[aeiouA-Z]\p{L}*)", Closing),
        // apostrophe short
        new(Letter | Reference | Sign, @"(?:(?i:cont'd\.?|nor'easter|c'mon|e'er|s'mores|ev'ry|li'l|nat'l|'twas)|" + Apostrophe
            + "(?:(?i:till?|em|cause)|[2-9]0[sS]|[nN]" + Apostrophe + "?)|(?:(?i:dunkin|somethin|ol)|[lLdDjJ])"
            + Apostrophe + ")", Closing),
        new(Letter, @"(?<t>[yY]" + Apostrophe + @")\p{L}"), // you elided
        new(Letter, @"(?i:https?|ftp|svn|svn\+ssh|mailto)://[^ \t\n\f\r""<>|()]+[^ \t\n\f\r""<>|.!?(){},-]"), // address
        // site
        new(Letter | Digit | Reference | Sign, @"(?i:www)\.(?:" + SiteUnit + @"+\.)+[a-zA-Z]{2,4}" + SitePath,
            Reach: @"(?i:www)\.(?:" + SiteUnit + @"+\.)*" + SiteUnit + "*"),
        new(Letter | Digit | Reference | Sign | Surrogate, "(?:" + PlainSiteUnit + @"+\.)+(?i:com|net|org|edu)" + SitePath,
            Reach: PlainSiteUnit + @"+(?:\." + PlainSiteUnit + @"+)*\.?"),
        // mail
        new(Letter | Digit, "[a-zA-Z0-9]" + MailUnit + @"*@(?:[^ \t\n\f\r""<>|(){}.\u00A0]+\.)*[^ \t\n\f\r""<>"
            + @"|(){}\[\].,;:\u00A0]+", Reach: "[a-zA-Z0-9]" + MailUnit + "*"),
        new(Sign, @"(?:@[a-zA-Z_][a-zA-Z_0-9]*|#" + Word + ")"), // handle
        new(Sign | Reference, @"(?<t>" + Clitic + ")[^A-Za-z]", Closing), // clitic before other
        new(Letter, Negation, Closing), // negation alone
        new(Digit, @"\p{Nd}{1,2}[-/]\p{Nd}{1,2}[-/]\p{Nd}{2,4}"), // date
        new(Digit | Sign, Number, WithoutSoftHyphens), // plain number
        // small number
        new(Digit | Sign, @"[\u207A\u207B\u208A\u208B]?(?:[\u2070\u00B9\u00B2\u00B3\u2074-\u2079]+|[\u2080-\u2089]+)"),
        new(Digit, @"(?:\p{Nd}{1,4}[- \u00A0])?\p{Nd}{1,4}(?:\\?/|\u2044)\p{Nd}{1,4}", Unbroken), // fraction
        new(Digit | Sign, @"[\u00BC-\u00BE\u2153-\u215E]", Fraction), // fraction sign
        // treebank word
        new(Letter | Sign, @"(?:-(?i:[LR][RCS]B)-|(?i:C\.D\.s|pro-|anti-|S(?:&amp;|&)P-500|S(?:&amp;|&)Ls)|(?i:Cap)"
            + Apostrophe + "[nN]|[cC]" + Apostrophe + "(?i:est))", Ampersands),
        new(Letter | Digit, @"[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}(?:\\?/[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}){1,2}"), // alternatives
        new(Letter | Sign, @"(?:[A-Z]*\$|#)"), // dollar
        new(Sign, @"[\u00A2-\u00A5\u0080\u20A0\u20A4\u20AC\u060B\u0E3F\uFFE0\uFFE1\uFFE5\uFFE6]", Currency), // currency
        // initials at end
        new(Letter, @"(?<t>" + Initials + @"\.)" + BlankOrBreak + "+" + SentenceStart + BlankOrBreak, GiveBack: 1, Repeats: true),
        // abbreviation at end
        new(Letter, @"(?<t>" + MayEnd + ")" + BlankOrBreak + "(?:" + BlankOrBreak + "|[A-Z]|<)", GiveBack: 1, Repeats: true),
        new(Letter, @"(?<t>" + MayEnd + @")[\s\S]{2}"), // abbreviation inside
        new(Letter, MayEnd, GiveBack: 1, Repeats: true), // abbreviation last
        new(Letter, BeforeName), // abbreviation before name
        new(Letter, @"(?<t>" + Initials + ")" + BlankOrBreak), // initials before blank
        new(Sign | Reference, @"(?<t>" + Apostrophe + "[0-9][0-9])" + BlankOrBreak), // short year
        new(Letter | Reference, @"(?<t>" + Word + @"\.)" + AfterClause, WithoutSoftHyphens), // word before clause
        // phone
        new(Digit | Sign, @"(?:(?:\([0-9]{2,3}\)[ \u00A0]?|(?:\+\+?)?(?:[0-9]{2,4}[- \u00A0])?[0-9]{2,4}[- "
            + @"\u00A0])[0-9]{3,4}[- \u00A0]?[0-9]{3,5}|(?:(?:\+\+?)?[0-9]{2,4}\.)?[0-9]{2,4}\.[0-9]{3,4}\.[0-9]{3,5})", text =>
                Unbroken(Brackets(text))),
        new(Sign | Reference, @"(?<t>""|(?i:&quot;))[A-Za-z0-9$]", _ => "``"), // quote before word
        new(Sign | Reference, @"(?:""|(?i:&quot;))", _ => "''"), // quote
        new(Sign | Reference, @"(?:<|(?i:&lt;))", _ => "<"), // less
        new(Sign | Reference, @"(?:>|(?i:&gt;))", _ => ">"), // greater
        new(Sign, @"(?<t>[<>]?[:;=][-o*']?[()DPdpO\\{@|\[\]])[^A-Za-z0-9]", Brackets), // smiley
        // east asian smiley
        new(Letter | Sign, @"(?:[-^x=~<>']_[-^x=~<>']|\([-^x=~<>'][_.]?[-^x=~<>']\)|\([\^x=~<>']-[\^x=~<>'`]\))", Brackets),
        new(Sign, @"[(){}\[\]]", Brackets), // bracket
        new(Sign, @"-+", text => text.Length is 3 or 4 ? "--" : text), // hyphens
        new(Sign, @"(?:\.{3,}|\.[ \u00A0](?:\.[ \u00A0])+\.|[\u0085\u2026])", _ => "..."), // ellipsis
        new(Sign, @"(?:@+|#+|_+|\*+|(?:\\\*){1,3}|[?!]+|=+)"), // sign run
        new(Sign, @"[,;:\u3001./¡¿\u037E\u0589\u061F\u06D4\u0700-\u0702\u07FA\u3002]"), // punctuation
        // hyphenated before clause
        new(Letter | Digit, @"(?<t>" + Hyphenated + @"\.)" + AfterClause, WithoutSoftHyphens, Reach: BeforeHyphen),
        new(Letter | Digit, Hyphenated, WithoutSoftHyphens, Reach: BeforeHyphen), // hyphenated word
        new(Letter | Digit, @"(?<t>" + Joined + @"\.)" + AfterClause, Closing), // joined before clause
        new(Letter | Digit, Joined, Closing), // joined word
        new(Letter, @"(?<t>" + Ampersanded + @"\.)" + AfterClause, Ampersands), // ampersanded before clause
        new(Letter, Ampersanded, Ampersands), // ampersanded word
        new(Sign, @"(?<t>')[A-Za-z][^ \t\n\r\u00A0]", _ => "`"), // single quote before word
        new(Sign | Reference, Clitic, Closing), // clitic alone
        // quotes
        new(Sign | Reference, @"(?:''|[`\u2018-\u201F\u0091-\u0094\u2039\u203A\u00AB\u00BB]{1,2}|" + Apostrophe + ")", Closing),
        new(Sign, @"(?:<<|>>)"), // doubled angle
        // symbol
        new(Letter | Digit | Reference | Sign, @"(?:[+%&~^|\\¦§¨©¬®¯°±²³´µ¶·¸¹º×÷\u0387\u05BE\u05C0\u05C3\u05C6\u05F3"
            + @"\u05F4\u0600-\u0603\u0606-\u060A\u060C\u0614\u061B\u061E\u066A\u066D\u0703-\u070D\u07F6-\u07F8\u0964"
            + @"\u0965\u0E4F\u1FBD\u2016\u2017\u2020-\u2023\u2030-\u2038\u203B\u203E-\u2042\u2044\u207A-\u207F\u208A-"
            + @"\u208E\u2100-\u214F\u2190-\u2BFF\u3012\u30FB\uFF01-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65])"),
    ];

    private static string WithoutSoftHyphens(string text)
        => text.Contains('\u00AD') && text.Replace("\u00AD", "", StringComparison.Ordinal) is var clean ? clean.Length > 0
            ? clean : "-" : text;

    private static string Ampersands(string text) => Replaced(text, [("&amp;", "&")]);

    private static string Unbroken(string text) => text.Replace(' ', '\u00A0');

    /// <summary>Quotes as the Treebank writes closing ones.</summary>
    private static string Closing(string text) => text.AsSpan().ContainsAnyInRange('A', 'z') && text.All(char.IsAscii)
        && !text.Contains('&')
        ? text
        : Replaced(text, [("&apos;", "'"), ("&quot;", "''"), ("\"", "''"),
            ("\u0091", "`"), ("\u2018", "`"), ("\u201B", "`"), ("\u2039", "`"), ("\u0092", "'"), ("\u2019", "'"), ("\u203A", "'"),
            ("\u0093", "``"), ("\u201C", "``"), ("\u00AB", "``"), ("\u0094", "''"), ("\u201D", "''"), ("\u00BB", "''")]);

    private static string Brackets(string text)
        => Replaced(text, [("(", "-LRB-"), (")", "-RRB-"), ("[", "-LSB-"), ("]", "-RSB-"), ("{", "-LCB-"), ("}", "-RCB-")]);

    private static string Fraction(string text) => Replaced(text, [("¼", "1/4"), ("½", "1/2"), ("¾", "3/4"), ("\u2153", "1/3")]);

    private static string Currency(string text) =>
        Replaced(text, [("¢", "cents"), ("£", "#"), ("\u0080", "$"), ("¤", "$"), ("\u20A0", "$"), ("€", "$")]);

    private static string Replaced(string text, (string From, string To)[] pairs)
        => pairs.Aggregate(text, (current, pair) => current.Replace(pair.From, pair.To, StringComparison.OrdinalIgnoreCase));
}

/// <summary>One way a token can look. Of all rules that match at a place the longest wins, then the one listed first.</summary>
/// <param name="Starts">Which characters the pattern can start with.</param>
/// <param name="Pattern">Of the token; its group <c>t</c>, if any, is the token and the rest must follow.</param>
/// <param name="Rewrite">What the token is written as; null for as it stands, an empty result for nothing.</param>
/// <param name="GiveBack">How many characters at the token's end are read again as the next token.</param>
/// <param name="Repeats">Whether what is given back also stays in the token, as an abbreviation's period at a sentence's
/// end.</param>
/// <param name="Reach">Where the pattern does not match at a place, it matches nowhere in what this one matches there: so that a
/// text in which a rule looks far ahead and fails is not looked through again from each of its characters. Null for patterns that
/// look ahead no further than to what they take.</param>
internal sealed record PtbRule(PtbStart Starts, string Pattern, Func<string, string>? Rewrite = null, int GiveBack = 0,
    bool Repeats = false, string? Reach = null)
{
    private readonly Regex regex = Compiled(Pattern);
    private readonly Regex? reach = Reach is null ? null : Compiled(Reach);

    /// <summary>What matches at a place of a text; places are asked for in order.</summary>
    /// <param name="failing">Up to where it is known that nothing matches; kept for the next place of the text.</param>
    public Match At(string text, int position, ref int failing)
    {
        if (position < failing)
            return Match.Empty;

        var match = regex.Match(text, position);
        if (!match.Success && reach is not null)
            failing = position + reach.Match(text, position).Length;

        return match;
    }

    private static Regex Compiled(string pattern) =>
        new($@"\G(?:{pattern})", RegexOptions.Compiled | RegexOptions.CultureInvariant);
}

/// <summary>Kinds of first characters, so that only rules that could match are tried.</summary>
[Flags]
internal enum PtbStart
{
    /// <summary>A letter, a mark that may stand in a word, a soft hyphen.</summary>
    Letter = 1,
    Digit = 2,
    /// <summary>An ampersand, which may begin a letter, a quote or a bracket written as a reference.</summary>
    Reference = 4,
    /// <summary>Anything else.</summary>
    Sign = 8,
    /// <summary>Half of a pair of units, as of an emoji: no letter, digit or sign to any rule.</summary>
    Surrogate = 16,
}
