### The way to the network in Hebrew, for tests; a person who speaks it has not read it yet.

step-network = הרשת
step-address = שהרשת תקבל את הכתובת
step-presence = שתתחברו
step-first-relay = חיבור ראשון עם רשת Tor
step-directory = ספריית הממסרים של רשת Tor
step-next-attempt = הניסיון הבא
step-control-port = פתחת הבקרה של Tor
step-tor = { $detail ->
        [none] רשת Tor
       *[other] רשת Tor: { $detail }
    }
step-first-circuit = מעגל ראשון של Tor
step-service-taken = ש־Tor יקבל את שירות הבצל
step-service-start = ששירות הבצל יתחיל
step-introduction = נקודות ההיכרות של שירות הבצל
step-descriptor = שהמתאר יגיע לספריות
step-descriptor-counted = שהמתאר יגיע לספריות: { $done } מתוך { $total }
step-own-answer = תשובה מהכתובת העצמית דרך Tor
step-other-stops = שהתוכנה האחרת תיעצר

obstacle-clock = { $by ->
        [none] { $detail ->
            [none] שעון המחשב הזה שגוי, ולכן Tor אינו יכול להתחבר.
           *[other] שעון המחשב הזה שגוי ({ $detail }), ולכן Tor אינו יכול להתחבר.
        }
       *[other] { $detail ->
            [none] שעון המחשב הזה שגוי { $by }, ולכן Tor אינו יכול להתחבר.
           *[other] שעון המחשב הזה שגוי { $by } ({ $detail }), ולכן Tor אינו יכול להתחבר.
        }
    } כוונו תאריך, שעה ואזור זמן; יהיה ניסיון נוסף.
obstacle-no-answer = { $detail ->
        [none] שירות הבצל פורסם אך עדיין אינו עונה; יהיה ניסיון נוסף.
       *[other] שירות הבצל פורסם אך עדיין אינו עונה ({ $detail }); יהיה ניסיון נוסף.
    }
obstacle-served-elsewhere = תוכנה אחרת עונה בכתובת הזאת: נראה שאותה זהות פועלת במחשב אחר, או פעמיים בזה. עצרו אותה שם; עד אז כל אחת לוקחת את החיבורים של האחרת.
obstacle-address-not-taken = { $detail ->
        [none] אי אפשר לפרסם את הכתובת עכשיו.
       *[other] אי אפשר לפרסם את הכתובת עכשיו: { $detail }.
    } יהיה ניסיון נוסף.
obstacle-address-refused = { $detail ->
        [none] אי אפשר לפרסם את הכתובת.
       *[other] אי אפשר לפרסם את הכתובת: { $detail }.
    }
obstacle-no-relay = אי אפשר להגיע לשום ממסר של רשת Tor: נראה שהמחשב הזה מנותק, או שהרשת כאן אינה מעבירה דבר. יהיה ניסיון נוסף; אם Tor חסום כאן, הגדירו גשרים ב־tor.toml.
obstacle-cut-off = חיבורים עם ממסרים נפתחים ואז נקטעים: נראה שהרשת כאן חוסמת את Tor. יהיה ניסיון נוסף; הגדירו גשרים ב־tor.toml.
obstacle-no-handshake = מגיעים לממסרים של רשת Tor, אך לא נוצר חיבור איתם: ייתכן ששעון המחשב הזה שגוי (בדקו תאריך, שעה ואזור זמן), או שהרשת כאן חוסמת את Tor (הגדירו גשרים ב־tor.toml). יהיה ניסיון נוסף.
obstacle-slow-directory = ספריית רשת Tor מגיעה לאט מאוד או בכלל לא: ייתכן ששעון המחשב הזה שגוי (בדקו תאריך, שעה ואזור זמן), או שמפריעים כאן ל־Tor (הגדירו גשרים ב־tor.toml). יהיה ניסיון נוסף.
obstacle-no-directory = { $detail ->
        [none] אי אפשר להשיג את ספריית רשת Tor.
       *[other] אי אפשר להשיג את ספריית רשת Tor ({ $detail }).
    } ייתכן ששעון המחשב הזה שגוי: בדקו תאריך, שעה ואזור זמן. יהיה ניסיון נוסף.
obstacle-tor-unusable = { $detail ->
        [none] אי אפשר להשתמש ברשת Tor.
       *[other] אי אפשר להשתמש ברשת Tor ({ $detail }).
    } יהיה ניסיון נוסף.
obstacle-tor-unreachable = אי אפשר להגיע לרשת Tor. יהיה ניסיון נוסף.
obstacle-tor-directory-in-use = תוכנה אחרת משתמשת בתיקייה של Tor הזה: עצרו אותה, או בחרו תיקיית נתונים אחרת. יהיה ניסיון נוסף.
obstacle-transport = { $detail ->
        [none] תעבורה נשלפת אינה פועלת.
       *[other] תעבורה נשלפת אינה פועלת ({ $detail }).
    } בדקו את הנתיב שלה תחת bridges.transports ב־tor.toml; יהיה ניסיון נוסף.
obstacle-descriptor-refused = הספריות של רשת Tor מסרבות למתאר של שירות הבצל. אם אותה זהות הייתה מחוברת דרך Tor אחר (של המערכת, של תוכנה אחרת) ביומיים האחרונים, זה יעבור מעצמו; עד אז השתמשו בו. יהיה ניסיון נוסף.
obstacle-no-introduction = שירות הבצל אינו מוצא ממסר שיציג אותו. יהיה ניסיון נוסף.
obstacle-service-failed = שירות הבצל נכשל בתוך Tor: הפעילו את התוכנה שוב אם הוא אינו חוזר.
obstacle-service-unfit = { $detail ->
        [none] אי אפשר להקים את שירות הבצל: הפעילו את התוכנה שוב.
       *[other] אי אפשר להקים את שירות הבצל ({ $detail }): הפעילו את התוכנה שוב.
    }
obstacle-no-control-port = שום Tor אינו עונה בפתחת הבקרה. הפעילו את Tor, וודאו שב־torrc שלו יש שורה ControlPort 9051 ושורה CookieAuthentication 1; אם הוא מאזין במקום אחר, הגדירו control תחת [system] ב־tor.toml. יהיה ניסיון נוסף.
obstacle-control-forbidden = המשתמש הזה אינו רשאי לפתוח את שקע הבקרה של Tor. הוסיפו את המשתמש לקבוצה שהשקע שייך לה, בדביאן עם sudo adduser $USER debian-tor, והיכנסו מחדש.
obstacle-control-unreachable = { $detail ->
        [none] אי אפשר להגיע לפתחת הבקרה של Tor.
       *[other] אי אפשר להגיע לפתחת הבקרה של Tor: { $detail }.
    } יהיה ניסיון נוסף.
obstacle-not-tor = מה שעונה בפתחת הבקרה אינו מדבר את פרוטוקול הבקרה של Tor. הגדירו את control תחת [system] ב־tor.toml ל־ControlPort של Tor; 9050 ו־9150 הן פתחות SOCKS.
obstacle-mixes-streams = פתחת ה־SOCKS של Tor אינה מפרידה בין זרמים (NoIsolateSOCKSAuth ב־torrc שלו), כך שמעגל אחד יישא מה שאסור לקשר. הסירו שם את NoIsolateSOCKSAuth, או הוסיפו SocksPort בלעדיו, וטענו את Tor מחדש; יהיה ניסיון נוסף.
obstacle-control-silent = פתחת הבקרה של Tor אינה עונה. יהיה ניסיון נוסף.
obstacle-control-broken = החיבור עם פתחת הבקרה של Tor נגמר: Tor נעצר או הופעל מחדש. יהיה ניסיון נוסף.
obstacle-control-filtered = פתחת הבקרה של Tor מוגבלת ומסרבת ל־{ $command }. אפשרו במסנן שלה את מה ש־Cwtch צריך: docs/onion-grater-cwtch.yml הוא פרופיל כזה עבור onion-grater, ש־Whonix ו־Tails משתמשים בו.
obstacle-control-password-wrong = פתחת הבקרה של Tor דוחה את הסיסמה. תקנו את הקובץ ש־password_file תחת [system] ב־tor.toml מציין (או TOR_CONTROL_PASSWD); היא צריכה להתאים ל־HashedControlPassword ב־torrc.
obstacle-control-password-needed = פתחת הבקרה של Tor רוצה סיסמה ואף אחת לא הוגדרה. הגדירו password_file תחת [system] ב־tor.toml לקובץ פרטי עם הסיסמה, או הוסיפו ל־torrc שורה CookieAuthentication 1.
obstacle-cookie-unreadable = המשתמש הזה אינו יכול לקרוא את עוגיית הבקרה של Tor. הוסיפו ל־torrc שורה CookieAuthFileGroupReadable 1 והוסיפו את המשתמש לקבוצה של Tor, בדביאן עם sudo adduser $USER debian-tor, והיכנסו מחדש.
obstacle-cookie-wrong = פתחת הבקרה וקובץ העוגייה שלה אינם שייכים זה לזה: קובץ של Tor קודם, או תוכנה אחרת בפתחה. הפעילו את Tor מחדש, או תקנו את control תחת [system] ב־tor.toml.
obstacle-no-login = פתחת הבקרה של Tor אינה מציעה דרך כניסה שפועלת כאן. הוסיפו ל־torrc שורה CookieAuthentication 1 והפעילו את Tor מחדש.
obstacle-tor-too-old = ה־Tor הזה ישן מדי לשירותי בצל בגרסה 3. עדכנו את Tor לגרסה שעדיין מתוחזקת.
obstacle-tor-disabled = הרשת של Tor כבויה. התחברו בתוכנה שמפעילה את Tor הזה (Tor Browser, Tails, Whonix), או הסירו את DisableNetwork מה־torrc.
obstacle-network-down = רשת Tor אינה מבחינה ברשת: נראה שהחיבור לאינטרנט נפל.
obstacle-tor-stuck = רשת Tor אינה מתקדמת: { $reason }. אם הרשת הזאת חוסמת את Tor, הגדירו גשרים ב־torrc שלו (UseBridges 1 ושורות Bridge), או בתוכנה שמפעילה אותו.
obstacle-served-already = ה־Tor הזה כבר מגיש את שירות הבצל של הזהות הזאת: נראה שהתוכנה פועלת פעמיים, או שהופעלה מחדש זה עתה. עצרו את האחרת; יהיה ניסיון נוסף.
obstacle-needs-listen = רשת Tor פועלת במחשב אחר ואינה יכולה למסור חיבורים לזה. הגדירו listen תחת [system] ב־tor.toml לכתובת ולפתחה של המחשב הזה שרק המחשב של Tor מגיע אליהן.
obstacle-no-socket = { $detail ->
        [none] אי אפשר לפתוח שקע ש־Tor ימסור בו חיבורים.
       *[other] אי אפשר לפתוח שקע ש־Tor ימסור בו חיבורים: { $detail }.
    } תקנו את listen תחת [system] ב־tor.toml, או פנו פתחה; יהיה ניסיון נוסף.
obstacle-service-refused = רשת Tor סירבה לשירות הבצל (קוד { $reply } של פתחת הבקרה). יהיה ניסיון נוסף.
obstacle-upload-rejected = הספריות של Tor סירבו למתאר של שירות הבצל. אם אותה זהות פעלה עם תוכנת Tor אחרת עד עכשיו, זה יעבור בתוך יום; Tor מנסה שוב מעצמו.
obstacle-upload-failed = שום ספרייה של רשת Tor לא קיבלה עדיין את המתאר של שירות הבצל. Tor מנסה שוב מעצמו.
obstacle-no-socks-port = שום דבר אינו עונה בפתחת ה־SOCKS של Tor. הוסיפו ל־torrc שלו שורה SocksPort 9050, או הגדירו socks תחת [system] ב־tor.toml.
obstacle-socks-ended = רשת Tor סיימה את החיבור בפתחת ה־SOCKS שלה. יהיה ניסיון נוסף.
obstacle-no-circuit = רשת Tor לא יכלה לפתוח מעגל עכשיו. יהיה ניסיון נוסף.
obstacle-socks-not-tor = מה שעונה בפתחת ה־SOCKS אינו Tor. תקנו את socks תחת [system] ב־tor.toml.
obstacle-socks-mixes-streams = פתחת ה־SOCKS של Tor אינה מקבלת שם משתמש וסיסמה, שבהם מפרידים בין זרמים. הסירו את האפשרויות שלה ב־torrc, או הגדירו socks תחת [system] ב־tor.toml לאחת של Tor.

clock-seconds-ahead = ב־{ $count } שניות (מקדים)
clock-seconds-behind = ב־{ $count } שניות (מפגר)
clock-minutes-ahead = ב־{ $count } דקות (מקדים)
clock-minutes-behind = ב־{ $count } דקות (מפגר)
clock-hours-ahead = ב־{ $count } שעות (מקדים)
clock-hours-behind = ב־{ $count } שעות (מפגר)

link-refused = חיבורים לרשת Tor נדחים
link-reset = חיבורים לרשת Tor מאופסים
link-times-out = חיבורים לרשת Tor אינם נענים בזמן
link-no-route = אין דרך לרשת Tor
link-identity = ממסר אינו מי שהוא אמור להיות; ייתכן שהרשת מתערבת בחיבורים
link-encryption = חיבורים לרשת Tor אינם מוצפנים כנדרש
link-transport-missing = התעבורה הנשלפת שגשר צריך חסרה או אינה פועלת
link-resources = למחשב לא נשארו קבצים או זיכרון לחיבורים
link-forbidden = המחשב הזה אוסר על Tor להתחבר
link-other = חיבורים לרשת Tor נכשלים
