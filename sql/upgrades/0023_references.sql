-- What a reader sees of character references in rich text, which editors write for letters with accents: &euml; and
-- &#235; are the letter that they stand for, in mentions, searches and excerpts. Names of letters with a mark are the
-- letter and the name of the mark; other names of letters and of punctuation are listed. Others stay as they stand.
create function confab.number_text(p_number bigint)
returns text language plpgsql immutable parallel safe as $$
begin
  return case when p_number = 38 then '&amp;' when p_number = 60 then '&lt;'
    when p_number between 1 and 55295 or p_number between 57344 and 1114111 then chr(p_number::int)
    else U&'\fffd' end;
end $$;

-- references_read(text): a text in which each reference is what it stands for, apart from those that plain_text()
-- reads after all others. Linear in the text.
create function confab.references_read(p_text text)
returns text language plpgsql immutable parallel safe as $$
declare
  c_marks constant jsonb := '{"grave": "\u0300", "acute": "\u0301", "circ": "\u0302", "tilde": "\u0303",
    "macr": "\u0304", "breve": "\u0306", "dot": "\u0307", "uml": "\u0308", "ring": "\u030a", "dblac": "\u030b",
    "caron": "\u030c", "cedil": "\u0327", "ogon": "\u0328"}';
  c_names constant jsonb := '
    {"micro": "µ", "ordm": "º", "angst": "Å", "AElig": "Æ", "ETH": "Ð", "Oslash": "Ø", "THORN": "Þ", "szlig": "ß",
    "aelig": "æ", "eth": "ð", "oslash": "ø", "thorn": "þ", "Dstrok": "Đ", "dstrok": "đ", "Hstrok": "Ħ", "hstrok": "ħ",
    "imath": "ı", "inodot": "ı", "IJlig": "Ĳ", "ijlig": "ĳ", "kgreen": "ĸ", "Lmidot": "Ŀ", "lmidot": "ŀ", "Lstrok":
    "Ł", "lstrok": "ł", "napos": "ŉ", "ENG": "Ŋ", "eng": "ŋ", "OElig": "Œ", "oelig": "œ", "Tstrok": "Ŧ", "tstrok":
    "ŧ", "fnof": "ƒ", "imped": "Ƶ", "jmath": "ȷ", "Alpha": "Α", "Beta": "Β", "Gamma": "Γ", "Delta": "Δ", "Epsilon":
    "Ε", "Zeta": "Ζ", "Eta": "Η", "Theta": "Θ", "Iota": "Ι", "Kappa": "Κ", "Lambda": "Λ", "Mu": "Μ", "Nu": "Ν", "Xi":
    "Ξ", "Omicron": "Ο", "Pi": "Π", "Rho": "Ρ", "Sigma": "Σ", "Tau": "Τ", "Upsilon": "Υ", "Phi": "Φ", "Chi": "Χ",
    "Psi": "Ψ", "Omega": "Ω", "ohm": "Ω", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsi": "ε",
    "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu":
    "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "rho": "ρ", "sigmaf": "ς", "sigmav": "ς", "varsigma": "ς", "sigma":
    "σ", "tau": "τ", "upsi": "υ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "thetasym": "ϑ",
    "thetav": "ϑ", "vartheta": "ϑ", "Upsi": "ϒ", "upsih": "ϒ", "phiv": "ϕ", "straightphi": "ϕ", "varphi": "ϕ", "piv":
    "ϖ", "varpi": "ϖ", "Gammad": "Ϝ", "digamma": "ϝ", "gammad": "ϝ", "kappav": "ϰ", "varkappa": "ϰ", "rhov": "ϱ",
    "varrho": "ϱ", "epsiv": "ϵ", "straightepsilon": "ϵ", "varepsilon": "ϵ", "IOcy": "Ё", "DJcy": "Ђ", "GJcy": "Ѓ",
    "Jukcy": "Є", "DScy": "Ѕ", "Iukcy": "І", "YIcy": "Ї", "Jsercy": "Ј", "LJcy": "Љ", "NJcy": "Њ", "TSHcy": "Ћ",
    "KJcy": "Ќ", "Ubrcy": "Ў", "DZcy": "Џ", "Acy": "А", "Bcy": "Б", "Vcy": "В", "Gcy": "Г", "Dcy": "Д", "IEcy": "Е",
    "ZHcy": "Ж", "Zcy": "З", "Icy": "И", "Jcy": "Й", "Kcy": "К", "Lcy": "Л", "Mcy": "М", "Ncy": "Н", "Ocy": "О",
    "Pcy": "П", "Rcy": "Р", "Scy": "С", "Tcy": "Т", "Ucy": "У", "Fcy": "Ф", "KHcy": "Х", "TScy": "Ц", "CHcy": "Ч",
    "SHcy": "Ш", "SHCHcy": "Щ", "HARDcy": "Ъ", "Ycy": "Ы", "SOFTcy": "Ь", "Ecy": "Э", "YUcy": "Ю", "YAcy": "Я", "acy":
    "а", "bcy": "б", "vcy": "в", "gcy": "г", "dcy": "д", "iecy": "е", "zhcy": "ж", "zcy": "з", "icy": "и", "jcy": "й",
    "kcy": "к", "lcy": "л", "mcy": "м", "ncy": "н", "ocy": "о", "pcy": "п", "rcy": "р", "scy": "с", "tcy": "т", "ucy":
    "у", "fcy": "ф", "khcy": "х", "tscy": "ц", "chcy": "ч", "shcy": "ш", "shchcy": "щ", "hardcy": "ъ", "ycy": "ы",
    "softcy": "ь", "ecy": "э", "yucy": "ю", "yacy": "я", "iocy": "ё", "djcy": "ђ", "gjcy": "ѓ", "jukcy": "є", "dscy":
    "ѕ", "iukcy": "і", "yicy": "ї", "jsercy": "ј", "ljcy": "љ", "njcy": "њ", "tshcy": "ћ", "kjcy": "ќ", "ubrcy": "ў",
    "dzcy": "џ", "tdot": "⃛", "odot": "⊙", "sdot": "⋅", "xcirc": "◯", "commat": "@", "lowbar": "_", "UnderBar": "_",
    "period": ".", "sol": "/", "bsol": "\\", "colon": ":", "comma": ",", "semi": ";", "excl": "!", "quest": "?",
    "num": "#", "lpar": "(", "rpar": ")", "apos": "''", "Tab": " ", "NewLine": "\n", "hyphen": "‐", "dash": "‐",
    "ndash": "–", "mdash": "—", "hellip": "…", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "sbquo": "‚",
    "bdquo": "„", "laquo": "«", "raquo": "»", "euro": "€", "lt": "&lt;", "LT": "&lt;", "gt": "&gt;", "GT": "&gt;",
    "quot": "&quot;", "QUOT": "&quot;", "amp": "&amp;", "AMP": "&amp;", "nbsp": "&nbsp;", "NonBreakingSpace":
    "&nbsp;", "shy": "",
    "iexcl": "¡", "iquest": "¿", "middot": "·", "bull": "•", "deg": "°", "copy": "©", "reg": "®", "trade": "™"}';
begin
  if p_text !~ '&(?!(?:lt|gt|quot|amp|nbsp|#39);)(?:#\d{1,9}|#[xX][0-9A-Fa-f]{1,8}|[A-Za-z]\w{1,31});' then
    return p_text;
  end if;
  return (
    select string_agg(case
      when part[1] is not null then confab.number_text(part[1]::bigint)
      when part[2] is not null then confab.number_text(('x' || lpad(part[2], 8, '0'))::bit(32)::bigint)
      when part[3] is not null then coalesce(c_names ->> part[3],
        normalize(left(part[3], 1) || (c_marks ->> substr(part[3], 2)), nfc), '&' || part[3] || ';')
      else part[4] end, '' order by n)
    from regexp_matches(p_text, '&(?:#(\d{1,9})|#[xX]([0-9A-Fa-f]{1,8})|([A-Za-z]\w{1,31}));|(&|[^&]+)', 'g')
      with ordinality t (part, n));
end $$;

create or replace function confab.plain_text(p_html text)
returns text language plpgsql immutable parallel safe as $$
begin
  if position('<' in p_html) > 0 then
    p_html := regexp_replace(regexp_replace(p_html, '<(br|/p|/li)[^>]*>', E'\n', 'g'), '<[^>]*>', '', 'g');
  end if;
  if position('&' in p_html) > 0 then
    p_html := replace(replace(replace(replace(replace(replace(confab.references_read(p_html),
      '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&nbsp;', ' '), '&amp;', '&');
  end if;
  return p_html;
end $$;

-- Words are found without regard to how they are written: by compatible characters (letters of full width, ligatures,
-- presentation forms), and without accents, the points of Hebrew and Syriac, and the vowel signs of Arabic.
create or replace function confab.folded_text(p_text text)
returns text language plpgsql immutable parallel safe as $$
begin
  if octet_length(p_text) = length(p_text) then
    return p_text;
  end if;
  return normalize(translate(replace(replace(replace(replace(replace(replace(
    regexp_replace(normalize(p_text, nfkd), '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7'
      '\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a'
      '\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g'),
    'ß', 'ss'), 'ẞ', 'SS'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'øØłŁđĐı', 'oOlLdDi'), nfc);
end $$;
reindex index confab.message_search_idx;
drop function if exists confab.mentioned(uuid, bigint, text);
