"""Texts to measure with: tweets, short sentences in any number, and hostile ones."""

from itertools import islice, product

TWEETS = (
    "Just landed in Lisbon and the weather is unbelievable!! Can't wait to see the old town, so much to see",
    "who decided that meetings at 8am on a Monday were a good idea?? asking for me 😴☕ #MondayMotivation",
    "Our new album is out NOW on every platform. Thank you to everyone who made this possible ❤️",
    "Traffic on the bridge is completely stopped, avoid the area if you can. Two lanes are closed.",
    "The second half was so much better than the first, what a goal in the last minute! What a night",
    "Finally fixed the bug that has been driving me crazy for three days... it was a missing comma. A COMMA.",
    "Looking for recommendations: best noise cancelling headphones under $200? Mostly for flights",
    "My grandmother turned 97 today and she still beats everyone at chess. Happy birthday to the queen 👑🎂",
    "Breaking: city council votes 7-2 to approve the new bike lanes downtown, work starts next spring",
    "Can someone explain why my phone's battery lasts two days on holiday and four hours when I'm at work?",
)

_SUBJECTS = (
    "My neighbour",
    "The committee",
    "A young girl",
    "Our team",
    "The old captain",
    "Nobody",
    "Every student",
    "The new teacher",
    "A tired driver",
    "His sister",
    "The company",
    "A large dog",
    "The doctor",
    "Two men",
    "The band",
    "A stranger",
    "The government",
    "Her best friend",
    "The pilot",
    "A small group",
)
_VERBS = (
    "is playing with",
    "wants to buy",
    "has forgotten",
    "is looking for",
    "cannot find",
    "talked about",
    "will repair",
    "is afraid of",
    "has just sold",
    "keeps asking for",
    "is carrying",
    "likes",
    "was hit by",
    "is waiting for",
    "dreams of",
    "has lost",
    "is painting",
    "ordered",
    "complained about",
    "is reading about",
    "took a picture of",
    "paid for",
    "is sitting near",
    "returned",
    "knows everything about",
)
_OBJECTS = (
    "the red guitar.",
    "a cup of coffee",
    "the train to Berlin",
    "an expensive car!",
    "the weather report",
    "a broken window.",
    "the final results",
    "some fresh bread",
    "the missing keys?",
    "a football match",
    "the quarterly budget",
    "an old photograph.",
    "the river",
    "a new password",
    "the birthday cake",
    "a crowded market",
    "the vaccine",
    "a long letter.",
    "the wooden bridge",
    "a pair of shoes",
)


def short_texts(count: int) -> list[str]:
    """The first `count` (at most 10,000) of a fixed sequence of different sentences of six to nine words."""
    return [" ".join(parts) for parts in islice(product(_SUBJECTS, _VERBS, _OBJECTS), count)]


# What runtimes have disagreed about: each class of characters that tokenizers treat in different ways, and
# texts without words, with one huge word, and with more tokens than a model reads.
HOSTILE = (
    "",
    " ",
    "\t\n\f\r",
    "É À Ü ñ ç ø ß ẞ İ ı ſ K ﬁ — accented and cased LETTERS beyond ascii",
    "cafe\u0301 naïve nai\u0308ve Å A\u030a ÉCOLE école ΑΘΗΝΑ αθήνα ЁЛКА ёлка",
    "no-break\u00a0space, thin\u2009space, em\u2003space, ideographic\u3000space, line\u2028separator",
    "zero\u200bwidth\u200djoiner\u200c, soft\u00adhyphen, bom\ufeff, word\u2060joiner, rtl\u202emark\u202c",
    "control\x00\x01\x07\x08\x0b\x1b\x1c\x1f\x7f\x80\x85\x9fcharacters",
    "replacement \ufffd private \ue000 noncharacter \uffff \U0010ffff tag \U000e0041",
    "😂👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 #️⃣ ❤️ I ❤ this 🚀🚀🚀",
    "日本語のテキスト 中文文本，没有空格。한국어 텍스트 ภาษาไทย हिन्दी العربية עברית",
    "㐀豈𠀀𪜀 mixed漢字between latin",
    "!?.,:;'\"()[]{}<>@#$%^&*_+-=|~`/\\ ¡§«¶·»¿ ‐–—‘’“”…‰′",
    "[CLS] [SEP] [PAD] [UNK] [MASK] ##ing ## # </s> <unk>",
    "I'm can't won't o'clock rock'n'roll e-mail state-of-the-art 3.14 1,000,000 $5 50% a.m.",
    "ALL UPPER CASE, MiXeD cAsE, lower case",
    "pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism",
    "x" * 100,
    "y" * 101,
    "z" * 5000,
    "é" * 99 + " " + "é" * 101,
    "word " * 300,
    "https://www.example.com/path?query=1&other=two#part someone@example.org @user #hashtag #CamelCaseTag",
)

# What people write elsewhere; each about as long as a tweet.
TWEETS_BY_LANGUAGE = {
    "ar": ["أخيرًا وصلنا إلى البيت بعد يوم طويل ومتعب، سأنام الآن 😴 تصبحون على خير جميعًا #مساء_الخير"],
    "de": ["Endlich Wochenende! 🎉 Morgen geht's mit @lena an den See, hoffentlich regnet es nicht #sommer"],
    "es": ["No me puedo creer que ganamos en el último minuto 😂😂 ¡qué partido, por favor! #vamos @equipo"],
    "fr": [
        "Trop contente d'avoir retrouvé mes clés 😅 ça fait deux jours que je les cherchais partout ! #ouf"
    ],
    "hi": ["आज का खाना बहुत अच्छा था, माँ के हाथ का स्वाद सबसे अलग होता है ❤️ #घर #खाना"],
    "it": ["Oggi finalmente c'è il sole ☀️ gelato in centro con gli amici e poi tutti al mare! #estate"],
    "ja": ["今日は久しぶりに友達とラーメンを食べた🍜 とても美味しかったし楽しかった！また行きたい #ラーメン"],
    "ko": ["드디어 시험이 끝났다 ㅠㅠ 오늘은 집에서 푹 쉬고 내일은 친구들이랑 영화 보러 가야지 🎬 #주말"],
    "nl": ["Wat een prachtige dag om te fietsen 🚲 straks lekker op het terras met @sanne #genieten"],
    "pl": [
        "Znowu spóźniony pociąg 😡 drugi raz w tym tygodniu, czy ktoś w ogóle nad tym panuje? @kolej #pociąg"
    ],
    "pt": ["Que saudade da praia 🏖️ mal posso esperar pelas férias com a família inteira kkkk #verão"],
    "ru": ["Наконец-то выпал снег ❄️ завтра с утра идём кататься на лыжах всей семьёй, ура! #зима"],
    "tr": ["Bugün hava çok güzeldi ☀️ arkadaşlarla sahilde uzun uzun yürüdük, çok iyi geldi #hafta_sonu"],
    "zh": ["终于放假了🎉 明天和家人一起去爬山，希望天气好一点，不要下雨！ #周末 #旅行"],
}
