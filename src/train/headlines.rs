//! Makes headlines on the subjects spam is about: prices, bets, loans, drugs in the news.
//!
//! As documents of one line they are all the context there is. Shapes with changing parts teach
//! that a number, a coin and a verb make news as well as promotion.

use crate::train::rng::Rng;

const SHAPES: &[&str] = &[
    "{Coin} price today: {coin} {moves} {level} as {cause}",
    "Cryptocurrency prices today: {coin} {moves} {level}, other top coins mixed",
    "{Coin} {moves} {level} after {cause}",
    "{Coin} {moves} {pct} in a day as {cause}",
    "Crypto market today: {coin}, {coin2} slip as {cause}",
    "Why is {coin} falling? {pct} gone in a week",
    "Explained: what the {coin} sell-off means for small investors",
    "Analysts split on whether {coin} can hold {level}",
    "{Coin} exchange halts withdrawals, {num} customers locked out",
    "{Bank} warns of fake {coin} investment adverts",
    "Court jails man who ran {num}-member {coin} scheme",
    "{Bank} raises lending rate to {pct}, home loans to cost more",
    "Personal loan rates compared: what banks charge in {year}",
    "Police raid online casino call centre, {num} arrested",
    "Betting firm fined {money} over failings with problem gamblers",
    "{Team} v {Team2}: odds, team news and prediction",
    "{Team} favourites with bookmakers to beat {Team2}",
    "Bookmaker shares fall {pct} after tax on slot machines announced",
    "Lottery jackpot rises to {money} after no winner",
    "Casino workers vote on strike over pay",
    "Regulator blocks {num} gambling sites in a month",
    "Weight-loss drug maker cuts forecast, shares down {pct}",
    "Counterfeit pills seized at port, {num} boxes destroyed",
    "Study finds erectile dysfunction drug may protect the heart",
    "Harga {coin} hari ini {naik} ke {level}, ini penyebabnya",
    "Harga kripto {naik}: {coin} dan {coin2} kompak bergerak",
    "Polisi tangkap {num} admin situs judi online di {city}",
    "OJK blokir {num} pinjol ilegal sepanjang {year}",
    "Waspada penipuan berkedok investasi {coin}",
    "Kecanduan slot, karyawan gelapkan uang {money}",
    "Promotor judi online divonis {n} tahun penjara",
    "Prediksi {Team} vs {Team2}: susunan pemain dan skor",
    "El precio del {coin} cae un {pct} y arrastra a {coin2}",
    "El Gobierno limitará la publicidad de las casas de apuestas",
    "Detenidas {num} personas por estafas con préstamos rápidos",
    "La ludopatía crece un {pct} entre los jóvenes",
    "Preço do {coin} sobe {pct} após {coin2} bater recorde",
    "Operação contra jogo ilegal prende {num} em {city}",
    "Senado vota projeto que regula as apostas esportivas",
    "{Coin}-Kurs fällt unter {level}: Anleger verunsichert",
    "Razzia gegen illegales Glücksspiel: {num} Festnahmen in {city}",
    "Glücksspielstaatsvertrag: was sich für Sportwetten ändert",
    "Le cours du {coin} repasse sous {level}",
    "Paris sportifs : l'autorité de régulation sanctionne {num} opérateurs",
    "Il {coin} scende sotto {level}, mercato in rosso",
    "Курс {coin} упал ниже {level}",
    "Курс {coin} вырос на {pct} за сутки",
    "Полиция закрыла подпольное казино в городе, задержаны {num} человек",
    "Центробанк повысил ставку до {pct}: что будет с кредитами",
    "Курс {coin} перевищив {level}",
    "Поліція викрила мережу онлайн-казино, затримано {num} осіб",
    "{Coin} fiyatı {level} altına indi",
    "Yasa dışı bahis operasyonunda {num} gözaltı",
    "Giá {coin} hôm nay giảm {pct}",
    "Công an triệt phá đường dây cá độ bóng đá {num} tỷ đồng",
    "ตำรวจจับเว็บพนันออนไลน์ เงินหมุนเวียน {num} ล้านบาท",
    "{coin}跌破{level}，市场恐慌情绪升温",
    "警方捣毁跨境网络赌博团伙 抓获{num}人",
    "{coin}が{level}を割り込む 規制強化を警戒",
    "{coin} {level} 붕괴…투자자 불안 커져",
    "불법 도박 사이트 운영 일당 {num}명 검거",
    "سعر {coin} ينخفض {pct} خلال يوم واحد",
    "पुलिस ने ऑनलाइन सट्टा गिरोह के {num} लोगों को पकड़ा",
    "অনলাইন জুয়া চক্রের {num} জন গ্রেপ্তার",
    "Kurs {coin} spada o {pct}, inwestorzy liczą straty",
    "Koers {coin} zakt onder {level}",
    "{Coin} faller under {level} efter beskedet om räntan",
];

/// A headline.
pub(crate) fn headline(rng: &mut Rng) -> String {
    let mut out = (*rng.pick(SHAPES)).to_owned();
    let coins = ["bitcoin", "ether", "dogecoin", "solana", "XRP", "Bitcoin", "Ethereum", "BTC", "tether", "Shiba Inu"];
    let teams = ["Persib", "Arsenal", "Napoli", "Santos", "Lakers", "Galatasaray", "Ajax", "India", "Ulsan", "Dynamo"];
    let causes = [
        "regulator delays fund decision",
        "rate fears return",
        "exchange outflows grow",
        "US inflation data lands",
        "miners sell holdings",
        "court rules for exchange",
        "investors turn cautious",
    ];
    let moves = ["falls below", "dips under", "remains above", "climbs past", "holds near", "jumps over", "slides to"];
    let most = *rng.pick(&[90, 900, 9000]);
    let number = 3 + rng.below(most);
    let thousands = 1 + rng.below(98);
    let level = match rng.below(4) {
        0 => format!("${thousands},{:03}", rng.below(1000)),
        1 => format!("${thousands},000"),
        2 => format!("{thousands}.000 USD"),
        _ => format!("${}.{:02}", rng.below(90), rng.below(100)),
    };
    let coin = *rng.pick(&coins);
    let mut capital = coin.to_owned();
    capital[..1].make_ascii_uppercase();
    for (name, value) in [
        ("{Coin}", capital),
        ("{coin}", coin.to_owned()),
        ("{coin2}", (*rng.pick(&coins)).to_owned()),
        ("{moves}", (*rng.pick(&moves)).to_owned()),
        ("{cause}", (*rng.pick(&causes)).to_owned()),
        ("{level}", level),
        ("{pct}", format!("{}.{}%", 1 + rng.below(40), rng.below(10))),
        ("{num}", number.to_string()),
        ("{n}", (1 + rng.below(9)).to_string()),
        ("{money}", format!("{}{} million", rng.pick(&["$", "€", "£", "Rp "]), 1 + rng.below(400))),
        ("{year}", (2014 + rng.below(13)).to_string()),
        ("{Bank}", (*rng.pick(&["Central bank", "Watchdog", "Reserve Bank", "City regulator"])).to_owned()),
        ("{Team}", (*rng.pick(&teams)).to_owned()),
        ("{Team2}", (*rng.pick(&teams)).to_owned()),
        ("{city}", (*rng.pick(&["Medan", "Batam", "Leipzig", "Recife", "Bandung", "Surabaya", "Porto"])).to_owned()),
        ("{naik}", (*rng.pick(&["naik", "turun", "anjlok", "melonjak"])).to_owned()),
    ] {
        out = out.replace(name, &value);
    }
    match rng.below(12) {
        0 => out = out.to_uppercase(),
        1 => out.push('.'),
        2 => out.push('?'),
        _ => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_filled() {
        let mut rng = Rng::new(3);
        for _ in 0..2000 {
            let made = headline(&mut rng);
            assert!(!made.contains('{') && made.chars().count() > 15, "{made}");
        }
    }
}
