"""Words that tell one language from its look-alike, where the detectors cannot.

A word counts when it is common in one of the two and no word, or a rare one, in the other. The
lists come from what is known of the languages (spelling, vocabulary of law, money and medicine,
and small words), not from texts that detection is measured on.
"""

import re
from collections.abc import Mapping

_WORD = re.compile(r"[\u0900-\u0963\u0971-\u097f\u200c\u200d]+|[^\W\d_]+")
"""A word; those of Devanagari hold vowel signs, which are no letters to Python."""

_MALAY = """
    adakah akaun awak bagaimanakah berapakah berbeza bilakah bolehkah cagaran caruman cawangan cukai
    daripada doktor dos elaun faedah fasiliti hendaklah hospital iaitu ialah insurans isteri
    jangkitan jualan jururawat kakitangan kanser kelulusan kemalangan kementerian kerana kerajaan
    kereta kesihatan kos kualiti lelaki lesen liabiliti mahkamah mahu manakala memberitahu
    mengandung mengikut mesti mesyuarat nisbah pampasan pelabur pelaburan pembedahan pejabat peguam
    peratus perbelanjaan peribadi perniagaan perubatan pesakit rawatan rayuan ringgit sahaja saman
    sebarang sekiranya selepas semasa siapakah sijil syarikat syer tarikh tempoh ubat universiti
    wang yuran
"""
_INDONESIAN = """
    agunan asuransi bahwa banding beda berbeda biaya bisa bisakah cicilan dapatkah debitur deposito
    direktur dokter dosis fasilitas ginjal gugatan hamil istri izin jaksa kanker kantor karena
    karyawan kedaluwarsa kepolisian keuangan klien konsultan kualitas liabilitas mau memiliki
    mengajukan mobil nasabah notaris obat obligasi pajak pasien pemerintah pengacara pengadilan
    pengobatan penghasilan perawat perawatan persen perusahaan piutang puskesmas rekening resep
    rupiah saat saja sedangkan setelah tagihan tanggal terdakwa tergugat tersangka uang universitas
    utang yaitu
"""

_SERBIAN = """
    али бити биће бих већ где да ђе зашто из или има још када код која које који коју лекар ли међу
    можете моје нема нисам нису о од ове ово пре са саму сам сваки све смем су там треба у уз хоће
    чему шта
"""
_MACEDONIAN = """
    ама би биде во веќе врз ги го дали дека ѓ е еден една ќе за зошто или има каде како кога кои кој
    која кое лекарот меѓу мора на не некој од оваа овој по пред при со сè сѐ се сите што судот таа
    тие тоа треба
"""

_SERBIAN_LATIN = """
    bih biti će dete deteta gde ili iz još kada kako kod koja koje koji koju kolika koliko lek lekar
    mesec može mogu nego posle pre sam sme sudu su šta treba u uz vreme zahtev zašto
"""
_SLOVENE = """
    bi bil bila če bolnik brez in jaz kaj kako kateri katera kdaj kdo kje ki ker lahko mora ni nje
    odvetnik pogodba pri sodišče še ter tudi v z zakaj zdravilo zdravnik že
"""

_EKAVIAN = """
    cena cene ceo čovek deca dece deci delimično deo dete deteta doneti dve gde lečenja lečenje lek
    lekar lekara lekova lekovi mera mere mesec meseca meseci mesta mesto nedelja ovde pre primena
    primene procena procene promena promene reč reči rešenja rešenje sledeće sledeći smeju sprečiti
    telo uvek vreme vremena vrednost vrednosti zahtev zahteva zahtevati sme rešen lečiti posle
    posledica posledice telu
"""
_IJEKAVIAN = """
    čovjek cijena cijene cijeli cjelini dio dijelom dioničar dioničari dionice djeca djece djeci
    dijete djeteta donijeti dvije euro eura financije financijska financijske financijski gdje
    izvješće izvješća kemijski lijek lijeka lijekova lijekovi liječenja liječenje liječnik liječnika
    ljekar ljekara mjera mjere mjesec mjeseca mjeseci mjesta mjesto obavijest obitelj obveza obveze
    odvjetnik odvjetnika opća opće opći ovdje ovjeren poduzeća poduzeće poslije povijest prije
    primjena primjene procjena procjene promjena promjene riječ riječi rješenja rješenje rujan
    siječanj sljedeće sljedeći smije smiju spriječiti stupanj sudac suca suglasnost suradnja tijelo
    tijekom tisuća tisuće tjedan tjedna tko također travanj uvijek uvjet uvjeta uvjeti uvjete vijeće
    vjerovnik vjerovnici vrijednost vrijednosti vrijeme zahtjev zahtjeva zahtijevati liječiti
    posljedica posljedice
"""

_NEPALI = """
    अघि अनि अनुसार आफ्नो उनी उसले एउटा औषधि कति कसरी कहिले कुन कुनै के गर्छ गर्न गर्ने गर्नु
    गर्नुपर्छ गर्‍यो छ छन् छैन जस्तो तपाईं त्यो देखि नै पनि भए भएको भएमा भन्ने मिल्छ यो लागि लाग्छ
    सक्छ सक्छन् सबै हुन् हुन्छ हुँदैन
"""
_HINDI = """
    अगर अपना अपनी अपने इस उस उसे और ऐसे कब कर करता करना करने का कि किस किसे किसी की के को कौन क्या
    गई गया जब जो तक तो था थी थे दवा नहीं ने पर बाद बीच भी में यदि यह या रहा रहे लेकिन वह वाले सकता
    सकती सकते से है हैं हो होगा होता होती होना
"""


def _distinct(one: str, other: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of each list that are not in the other as well."""
    ours, theirs = frozenset(one.split()), frozenset(other.split())
    return ours - theirs, theirs - ours


_PAIRS: Mapping[tuple[str, str], tuple[frozenset[str], frozenset[str]]] = {
    ("ms", "id"): _distinct(_MALAY, _INDONESIAN),
    ("sr", "mk"): _distinct(_SERBIAN, _MACEDONIAN),
    ("sr", "sl"): _distinct(_SERBIAN_LATIN, _SLOVENE),
    ("sr", "hr"): _distinct(_EKAVIAN, _IJEKAVIAN),
    ("ne", "hi"): _distinct(_NEPALI, _HINDI),
}


def told(sample: str, one: str, other: str) -> str:
    """Which of two languages has more telling words in ``sample``; "" for neither, or if no words
    are known that tell these two."""
    if (other, one) in _PAIRS:
        one, other = other, one
    if (one, other) not in _PAIRS:
        return ""
    words = [word.lower() for word in _WORD.findall(sample)]
    ours, theirs = _PAIRS[one, other]
    balance = sum(word in ours for word in words) - sum(word in theirs for word in words)
    return one if balance > 0 else other if balance < 0 else ""
