"""Sentences that the rules of language detection were tuned on; none is in benchmarks/data."""

SHORT = {
    "ar": ["متى تنتهي فترة الضمان؟", "هل أحتاج إلى محامٍ في هذه القضية؟"],
    "bn": ["বিমার টাকা কবে পাব?", "এই রোগের চিকিৎসা কত দিন চলে?"],
    "de": ["Wann verjährt die Forderung?", "Ist diese Impfung für Kinder nötig?"],
    "el": ["Πότε λήγει η εγγύηση;", "Χρειάζεται εμβόλιο το παιδί;"],
    "en": ["When does the claim expire?", "Does the child need this vaccine?"],
    "es": ["¿Cuándo prescribe la deuda?", "¿Necesita el niño esta vacuna?"],
    "fa": ["مهلت پرداخت بدهی تا کی است؟", "آیا کودک به این واکسن نیاز دارد؟"],
    "fr": ["Quand la dette est-elle prescrite ?", "L'enfant a-t-il besoin de ce vaccin ?"],
    "hi": ["बीमा की रकम कब मिलेगी?", "क्या बच्चे को यह टीका लगवाना जरूरी है?"],
    "id": ["Kapan utang itu kedaluwarsa?", "Apakah anak perlu vaksin ini?"],
    "it": ["Quando si prescrive il debito?", "Il bambino ha bisogno del vaccino?"],
    "ja": ["保険金はいつ支払われますか。", "時効成立要件および起算日の確認"],
    "ko": ["보험금은 언제 받을 수 있나요?", "아이에게 이 백신이 필요합니까?"],
    "ms": ["Bilakah hutang itu luput?", "Adakah anak saya perlu suntikan ini?"],
    "ne": ["बिमाको रकम कहिले पाइन्छ?", "के बच्चालाई यो खोप लगाउनुपर्छ?"],
    "pl": ["Kiedy dług się przedawnia?", "Czy dziecko potrzebuje szczepionki?"],
    "pt": ["Quando prescreve a dívida?", "A criança precisa desta vacina?"],
    "ro": ["Când se prescrie datoria?", "Are copilul nevoie de acest vaccin?"],
    "ru": ["Когда истекает срок давности?", "Нужна ли ребёнку эта прививка?"],
    "sr": ["Када застарева дуг?", "Kada zastareva potraživanje banke?"],
    "sv": ["När preskriberas skulden?", "Behöver barnet det här vaccinet?"],
    "tr": ["Borç ne zaman zamanaşımına uğrar?", "Çocuğun bu aşıya ihtiyacı var mı?"],
    "uk": ["Коли спливає строк давності?", "Чи потрібне дитині це щеплення?"],
    "vi": ["Khi nào khoản nợ hết thời hiệu?", "Trẻ có cần tiêm vắc xin này không?"],
    "zh": ["保险金什么时候支付？", "孩子需要接種這種疫苗嗎？"],
}
"""Two short questions in each language; which of them are too short to tell is in the test."""

LOOK_ALIKE = {
    "hi": [
        "अदालत ने आवेदन खारिज कर दिया।",
        "ऋण पर ब्याज कितना है?",
    ],
    "id": [
        "Berapa tarif pajak untuk perusahaan kecil?",
        "Bolehkah saya mengajukan kredit rumah?",
        "Dokter memberi obat kepada pasien itu.",
        "Pengadilan menolak permohonan pengacara.",
    ],
    "ja": [
        "契約解除の条件は？",
        "株主総会の決議事項",
    ],
    "ms": [
        "Apakah kadar cukai bagi syarikat kecil?",
        "Bolehkah saya memohon pinjaman perumahan?",
        "Doktor memberi ubat kepada pesakit itu.",
        "Mahkamah menolak permohonan peguam.",
    ],
    "ne": [
        "अदालतले निवेदन अस्वीकार गर्‍यो।",
        "कर्जाको ब्याज कति छ?",
    ],
    "ru": [
        "Суд отклонил ходатайство адвоката.",
    ],
    "sr": [
        "Sud je odbio zahtev advokata.",
        "Lekar je pacijentu dao lek.",
        "Суд је одбио захтев адвоката.",
    ],
    "uk": [
        "Суд відхилив клопотання адвоката.",
    ],
    "zh": [
        "合同解除的条件是什么？",
        "股東會決議事項有哪些？",
        "病人需要做手术。",
    ],
}
"""Sentences in languages that are easily taken for each other."""

FOREIGN = [
    "Mag de bank de aanvraag weigeren als het inkomen onregelmatig is?",
    "Лекарот мора да го извести пациентот за ризиците од лекувањето.",
    "Kan banken avvise søknaden hvis inntekten er uregelmessig?",
    "Må banken afvise ansøgningen hvis indkomsten er uregelmæssig?",
    "Може ли банката да откаже кредита, ако доходът е нередовен?",
    "Může banka zamítnout žádost o úvěr?",
    "Elutasíthatja a bank a hitelkérelmet?",
    "Voiko pankki hylätä lainahakemuksen?",
    "کیا بینک قرض کی درخواست مسترد کر سکتا ہے؟",
    "बँक कर्जाचा अर्ज नाकारू शकते का?",
    "Pot el banc rebutjar la sol·licitud de préstec?",
    "ธนาคารปฏิเสธคำขอสินเชื่อได้หรือไม่",
    "האם הבנק רשאי לסרב לבקשת ההלוואה?",
    "Lahat ng tao ay may karapatan sa gamot.",
]
"""Sentences in languages that are not among the 25."""
