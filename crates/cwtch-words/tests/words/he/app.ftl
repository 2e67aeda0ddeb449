### The words of the app in Hebrew, for tests of a language from the right. It is complete; a person who speaks it has not read it yet.

yes = כן
no = לא
later = לא עכשיו
close = סגירה
you = את/ה
somebody = מישהו
today = היום
yesterday = אתמול
ready = מוכן
copied = הועתק.
message = הודעה
network = רשת
help = עזרה
servers = שרתים
server = שרת { $server }
moment = { $day }, { $time }
date = { $weekday ->
        [1] יום שני
        [2] יום שלישי
        [3] יום רביעי
        [4] יום חמישי
        [5] יום שישי
        [6] שבת
       *[7] יום ראשון
    }, { $day } { $month ->
        [1] בינואר
        [2] בפברואר
        [3] במרץ
        [4] באפריל
        [5] במאי
        [6] ביוני
        [7] ביולי
        [8] באוגוסט
        [9] בספטמבר
        [10] באוקטובר
        [11] בנובמבר
       *[12] בדצמבר
    } { $year }
welcome = ברוכים הבאים ל-Cwtch. פרופיל הוא אתם, כפי שאחרים פוגשים אתכם. הוא נוצר במחשב הזה, ואיש אינו יודע עליו עד שתמסרו את הכתובת.
ask-new-profile = שם לפרופיל
new-profile-about = השם נשאר במחשב הזה; אחרים אינם רואים אותו.
ask-new-password = סיסמה עבור { $name }
new-password-about = היא מגינה על כל מה שבמחשב הזה. אם תישכח, איש לא יוכל להחזיר אותה.
ask-repeat = אותה סיסמה פעם נוספת
passwords-differ = הסיסמאות אינן זהות. שוב מההתחלה.
ask-unprotected = בלי סיסמה, כל מי שיכול לקרוא את הדיסק יכול לקרוא הכול. האם לכך התכוונת?
no-password = כן, בלי סיסמה
password-after-all = לא, לבחור סיסמה
ask-profile = איזה פרופיל?
ask-password = הסיסמה של { $name }
answer-empty = כאן חייב להיות משהו.
daemon-lost = שירות הרקע נעצר: אין חיבור, ודבר אינו בא או יוצא.
connect-again = להפעיל שוב
status-online = מחובר
status-offline = מנותק
status-offline-waits = מנותק: { $percent } %, ממתין: { $waits }
status-appears-offline = נראה מנותק
status-opening = מתחיל …
status-no-daemon = מנותק: אין שירות רקע
status-elsewhere = עותק אחר של הפרופיל פועל: דבר אינו נשלח
status-unprotected = הרשת הזאת אינה מסתירה דבר
status-streamer = מצב שידור
status-alarms = { $count ->
        [one] שרת אחד מרמה
       *[other] { $count } שרתים מרמים
    }
status-requests = { $count ->
        [one] בקשה אחת
        [two] שתי בקשות
       *[other] { $count } בקשות
    }
status-unread = { $count } לא נקראו
vanish-agreed = הודעות נעלמות { $time } אחרי שנקראו
vanish-proposed = הוצע: הודעות נעלמות { $time } אחרי שנקראו
vanish-ending = הודעות נעלמות { $time } אחרי שנקראו, עד שהתוכנה של איש הקשר תדע על הסיום
vanish-unsupported = הודעות אינן נעלמות שם: התוכנה אינה יכולה, או שאינכם אנשי קשר שם
vanish-off = הודעות אינן נעלמות
header-question = מפתח חדש ממתין לתשובה: /about
hints-list = ↑↓ בחירה · Enter פתיחה · Tab הבא · / פקודה · ? עזרה · Ctrl+Q יציאה
hints-messages = ↑↓ בחירה · Enter עוד · r תשובה · c העתקה · d מחיקה · Tab הבא · ? עזרה
hints-composer = Enter שליחה · Alt+Enter שורה חדשה · / פקודה · Tab הבא · Esc רשימה
hints-page = ↑↓ בחירה · Enter ביצוע · PgUp PgDn גלילה · c העתקה · Esc חזרה
hints-typing = Enter המשך · Esc חזרה
hints-choosing = ↑↓ בחירה · Enter אישור · Esc חזרה
asks-to-talk = מבקש לדבר איתך
last-draft = טיוטה: { $text }
last-by = { $who }: { $text }
divider-unread = חדש
quoted-elsewhere = הודעה קודמת
forgotten = מה שנאמר בה נשכח כאן.
state-queued = ממתינה
state-acknowledged = הגיעה
state-stored = נשמרה
state-failed = לא נשלחה
state-other = כאן
card-invite = הזמנה לקבוצה. Enter מראה עוד.
card-invite-own = הזמנה לקבוצה.
card-offer = הצעה: קבוצה של שניכם על שרת, למה שנכתב כשאחד מכם איננו. Enter מראה עוד.
card-contact = מציע איש קשר: { $address }
card-file = קובץ. הגרסה הזאת אינה יכולה לקבל קבצים.
card-unknown = משהו שהגרסה הזאת אינה מכירה.
old-key = הגיעה תחת מפתח ישן: מי שמחזיק בו קורא גם את זה.
old-key-read-by = הגיעה תחת מפתח ישן, ונקראת גם בידי { $names }.
reposted = השרת איבד אותה; היא נשלחה שוב.
answers = תשובה אל { $who }: { $text }
key-begins = מפתח חדש מאת { $by }.
key-without = בלי { $names }.
key-without-count = { $count ->
        [one] בלי חבר אחד.
       *[other] בלי { $count } חברים.
    }
key-with = עם { $names }.
key-with-count = { $count ->
        [one] עם חבר אחד נוסף.
       *[other] עם { $count } חברים נוספים.
    }
key-moves = על שרת אחר: { $server }.
ask-request = { $name } מבקש לדבר איתך. מה רצונך?
request-address = הכתובת היא { $address }. כדאי להשוות למה שנמסר לך: כל אחד יכול לבחור כל שם.
request-accept = לקבל
request-reject = לדחות: אין להם דרך לדעת
request-block = לחסום
ask-remove = לשכוח את איש הקשר ואת כל ההודעות איתו? אין דרך חזרה.
ask-leave = לעזוב את הקבוצה ולשכוח אותה, עם המפתח וההודעות? כדי לחזור צריך הזמנה חדשה.
ask-delete = למחוק את ההודעה כאן? אצל אחרים היא נשארת.
ask-keep = למחוק את תוכן ההודעות בגיל הזה, גם של אלה שכבר כאן? אין דרך חזרה.
ask-newkey = לתת לקבוצה מפתח חדש, לכל חבריה? מה שייכתב מעתה לא ייקרא במפתח הישן.
ask-newkey-without = לתת לקבוצה מפתח חדש בלי החבר הזה? האחרים נשאלים; מי שאינו עובר ממשיך במפתח הישן.
ask-only-copy = האם זה העותק היחיד של הפרופיל שישמש מעתה? אז מה שממתין יוצא.
ask-resume = להשתמש בשרת הזה שוב, כאילו זו הפגישה הראשונה? הראיות נשארות.
ask-server-remove = לשכוח את השרת הזה, עם האסימונים שיש לך עבורו?
ask-anyway = { $why } לעשות זאת בכל זאת?
ask-quit = סגירה. להישאר זמינים?
quit-about = כל עוד שירות הרקע פועל, הודעות באות ויוצאות. בלעדיו אין חיבור, והודעות ממתינות אצל מי שכותב אותן.
quit-stay = לסגור ולהישאר זמינים
quit-stop = לסגור ולהתנתק
quit-not = לא לסגור
experiment-enable = להפעיל ולהמשיך
send-anyway = לשלוח בכל זאת
ask-fork = { $by } יצר מפתח חדש עבור { $group }. לעבור אליו?
ask-fork-move = { $by } יצר מפתח חדש עבור { $group }, על שרת אחר. לעבור לשם?
ask-fork-doubtful = { $by } יצר מפתח חדש עבור { $group } בדרך שעלולה להיות התקפה. כדאי לשאול בערוץ אחר. לעבור אליו?
ask-fork-join = בקבוצה { $group } יותר חברים משתמשים במפתח מאת { $by } מאשר בשלך. לעבור אליו?
ask-fork-again = רוב חברי { $group } משתמשים במפתח מאת { $by } שדחית. לעבור אליו עכשיו?
fork-leaves-out = הוא משאיר בחוץ: { $names }.
fork-adds = הוא מוסיף: { $names }.
fork-moved = ידוע ש-{ $moved } מתוך { $of } חברים משתמשים בו.
fork-server = הוא מוביל לשרת { $server }. המפעיל לומד מתי מישהו מתחבר וכמה נכתב, לא מי ולא מה.
fork-accept = לעבור אליו
fork-decline = לא לעבור אליו
fork-look = קודם להסתכל על המפתח החדש
fork-asks = { $by } יצר מפתח חדש.
need-address = הכתובת של איש הקשר החדש
need-contact-name = שם לאיש הקשר; ריק עבור השם שבחר לעצמו
need-group-name = שם לקבוצה; ריק עבור השם שנתן לה יוצרה
need-invite = ההזמנה לקבוצה
need-invited = איש הקשר שיוזמן: שם או כתובת
need-server = הטקסט של השרת (server:…)
need-own-name = השם שאנשי הקשר רואים; ריק עבור כלום
need-new-group = שם לקבוצה החדשה; החברים רואים אותו
done-added = איש הקשר נוסף.
done-accepted = התקבל.
done-rejected = נדחה. לא תישאלו שוב.
done-blocked = נחסם.
done-removed = איש הקשר נשכח.
done-renamed = זה שמו עכשיו.
done-joined = הצטרפת לקבוצה. מה שיש בשרת שלה נקרא עכשיו.
done-group-made = הקבוצה נוצרה.
done-invited = ההזמנה בדרך.
done-left = הקבוצה נשכחה כאן.
done-newkey = המפתח החדש נוצר. מה שנכתב מעתה יוצא תחתיו.
done-fork-accepted = מה שנכתב יוצא מעתה תחת המפתח הזה.
done-fork-declined = המפתח הזה אינו בשימוש. אפשר לעבור אליו עוד 30 יום.
done-server-added = השרת נוסף.
done-server-removed = השרת נשכח.
done-resumed = השרת שוב בשימוש.
done-synced = כל החדש כאן.
done-repaired = { $received ->
        [0] אנשי קשר נשאלו; לא הגיע דבר.
        [one] אנשי קשר נתנו הודעה אחת.
       *[other] אנשי קשר נתנו { $received } הודעות.
    } { $missing ->
        [0] לא חסר עוד דבר.
        [one] אחת עדיין חסרה.
       *[other] { $missing } עדיין חסרות.
    }
done-muted = לא תיקראו עוד בגלל השיחה הזאת.
done-unmuted = שוב תיקראו בגלל השיחה הזאת.
done-pinned = היא עומדת מעל האחרות.
done-unpinned = היא שוב עומדת בין האחרות.
done-kept = כך זה נשמר מעתה.
done-vanish = זה הוצע, ויחול כשהתוכנה של איש הקשר תאשר.
done-named = אנשי הקשר רואים זאת כשהם מחוברים.
done-groups-on = קבוצות פועלות. הן ניסוי.
done-groups-off = קבוצות כבויות.
done-strangers-on = מי שיש לו הכתובת יכול לבקש לדבר.
done-strangers-off = מי שאינו איש קשר מנותק, ולא תישאלו.
done-online = מתחברים.
done-offline = נראים מנותקים. רק מי שתתחברו אליו רואה אתכם.
done-connect = מחובר, אף שאתם נראים מנותקים.
done-disconnect = זה נגמר.
done-only-copy = זה העותק היחיד מעתה; מה שממתין יוצא.
notice-request = מישהו מבקש לדבר: ראו בראש הרשימה.
notice-vanish = { $name }: { $state }.
notice-fork = מפתח חדש של { $group } ממתין לתשובה: פתחו את הקבוצה והקלידו /about.
being-asked = רגע …
contact-gone = אין איש קשר
contact-unknown = מבקש לדבר איתך
contact-accepted = איש קשר
contact-blocked = חסום
contact-rejected = נדחה
message-gone = ההודעה הזאת כבר אינה כאן.
server-gone = השרת הזה כבר אינו מוכר.
servers-none = עדיין אין שרתים. הם נחוצים לקבוצות בלבד.
members-unknown = חברים שרק קוראים אינם ידועים לאיש.
label-address = כתובת
label-alarm = אזעקה
label-came = הגיעה
label-checked = נבדקו
label-connection = חיבור
label-from = מאת
label-keys = מפתחות
label-log = יומן
label-lost = אבדו
label-member = חבר
label-missing = חסר
label-name = שם
label-network = רשת
label-network-state = מצב
label-own-name = אחרים רואים
label-presence = נוכחות
label-question = שאלה
label-queued = ממתינות לשליחה
label-quoted = עונה על
label-reachability = הכתובת שלך
label-received = הודעות
label-rejected = נדחו
label-seen = נראה לאחרונה
label-sent = נשלחה
label-server = שרת
label-signed = נחתם
label-state = מצב
label-strangers = זרים
label-tokens = אסימונים
name-given = { $name } (ניתן על ידך)
name-claimed = { $name } (נבחר בידי אחרים)
name-none = אין
own-name-none = כלום
phase-online = מחובר
phase-connecting = מתחבר …
phase-connected = מתחבר: מוכיחים מי הוא מי …
phase-offline = מנותק
presence-online = מחובר עבור אנשי הקשר
presence-offline = נראה מנותק
strangers-open = יכולים לבקש לדבר
strangers-closed = מנותקים
still-erasing = משהו שיש לשכוח עדיין נמחק מהדיסק.
not-ready = { $percent } %, ממתין: { $waits }
server-line = { $health }; { $phase }
server-connecting = מתחבר …
server-connected = מתחבר: מוכיחים מי הוא מי …
server-syncing = מביא את החדש …
server-synced = מעודכן
server-stopped = כבר אינו בשימוש
server-offline = מנותק
log-none = השרת הזה אינו חותם על דבר: אפשר לומר פחות על מה שחסר
log-alarm = אזעקה: הוא עשה מה ששום שרת ישר אינו עושה
log-evidence = בשימוש אף שיש נגדו ראיות
log-withheld = הוא אינו מראה עוד את היומן: ייתכן שהוא מסתיר הודעות
log-losses = הוא הודיע על אובדן הודעות
log-retired = השרת סיים את היומן
log-unread = דבר מהיומן עדיין לא נבדק
log-checked = היומן שלו כפי שצריך
log-size = { $count ->
        [one] הודעה אחת
       *[other] { $count } הודעות
    }
log-lost = { $count ->
        [one] הודעה אחת, נודע { $when }
       *[other] { $count } הודעות, נודע { $when }
    }
evidence-proven = הוכח
evidence-seen = נראה
missing = { $count ->
        [one] הודעה אחת של { $name } לא הגיעה
       *[other] { $count } הודעות של { $name } לא הגיעו
    }
keys-static = מפתח אחד, שקורא הכול לתמיד
keys-daily = { $days ->
        [one] מפתח לכל יום, נשמר יום אחד
       *[other] מפתח לכל יום, נשמר { $days } ימים
    }
writes-after-another = מה שנכתב ממתין עד שתיקרא הודעה של חבר שלא הזמין אותך.
writes-after-sync = מה שנכתב ממתין עד שייקרא כל מה שיש בשרת.
member = { $name }: { $stage }
member-hidden = הוסתר על ידך
member-writes = כותב במפתח הנוכחי
member-opened = פתח את המפתח הנוכחי
member-complete = המפתח הנוכחי אצלו, עדיין סגור
member-listed = ברשימה
member-known = כתב כאן
act-talk = לפתוח את השיחה
act-copy = להעתיק את הטקסט
act-copy-address = להעתיק את הכתובת
act-copy-bundle = להעתיק את הטקסט של השרת, עבור אחרים
act-accept = לקבל
act-reject = לדחות: אין להם דרך לדעת
act-block = לחסום
act-unblock = לבטל חסימה
act-remove = לשכוח, עם כל ההודעות
act-rename = לתת שם אחר
act-add-contact = להוסיף איש קשר
act-add-suggested = להוסיף את איש הקשר הזה
act-own-name = לשנות את השם שאחרים רואים
act-network = רשת
act-servers = שרתים
act-online = להתחבר
act-offline = להיראות מנותק
act-only-copy = זה העותק היחיד
act-fork = לענות על שאלת המפתח החדש של { $by }
act-invite = להזמין איש קשר
act-sync = להביא את החדש
act-its-server = השרת שלה
act-leave = לעזוב את הקבוצה
act-server = עוד על { $server }
act-add-server = להוסיף שרת
act-new-group = ליצור קבוצה על השרת הזה
act-resume = להשתמש בו שוב
act-server-remove = לשכוח את השרת הזה
act-join = להצטרף לקבוצה
act-retry = לשלוח שוב
act-cancel = להחזיר
act-delete = למחוק כאן
help-commands = פקודות מקלידים במקום שבו כותבים הודעות, ו-Tab משלים אותן. הודעה שמתחילה ב-/ מתחילה ב-//.
key-move = ↑ ↓ או k j: בחירה; PgUp PgDn: מסך; Home End או g G: ראשון ואחרון.
key-next = Tab, Shift+Tab: אל הרשימה, ההודעות, הטקסט.
key-confirm = Enter: לפתוח, לשלוח, לבצע את הנבחר.
key-back = Esc: חזרה.
key-newline = Alt+Enter או Ctrl+J: שורה חדשה בטקסט. ↑ בשורה הראשונה: מה שנכתב קודם.
key-answer = r: לענות על ההודעה הנבחרת; d: למחוק אותה כאן.
key-copy = c או Ctrl+Y: להעתיק את המסומן.
key-about = i: עוד על השיחה או ההודעה.
key-quit = Ctrl+Q: סגירה.
verb-unknown = אין פקודה /{ $name }. /help מראה את כולן.
verb-takes = כך מקלידים אותה: { $usage }
verb-needs-group = זה לקבוצות: פתחו קבוצה קודם.
verb-needs-contact = זה לאנשי קשר: פתחו איש קשר קודם.
verb-needs-conversation = פתחו שיחה קודם.
takes-address = כתובת
takes-contact = איש-קשר
takes-known-server = שרת
takes-server = server:…
takes-invite = הזמנה
takes-name = שם
takes-maybe-name = [שם]
takes-switch = on|off
takes-time = 30d|12h|off
verb-add = להוסיף איש קשר
verb-rename = לתת לשיחה שם אחר
verb-block = לחסום את איש הקשר
verb-unblock = לקבל שוב את איש הקשר
verb-remove = לשכוח את איש הקשר
verb-suggest = להציע כאן איש קשר
verb-groups = להפעיל או לכבות קבוצות; הן ניסוי
verb-join = להצטרף לקבוצה
verb-newgroup = ליצור קבוצה
verb-invite = להזמין איש קשר לקבוצה
verb-newkey = לתת לקבוצה מפתח חדש
verb-without = לתת לקבוצה מפתח חדש, בלי חבר
verb-leave = לעזוב את הקבוצה
verb-server = להוסיף שרת
verb-sync = להביא את החדש
verb-repair = לשאול אנשי קשר על מה שחסר
verb-mute = להיקרא בגלל זה, או לא
verb-pin = מעל האחרות, או לא
verb-keep = למחוק כאן טקסטים בגיל הזה
verb-vanish = הודעות ייעלמו בשני הצדדים זמן כזה אחרי שנקראו
verb-name = השם שאנשי הקשר רואים
verb-strangers = האם אחרים יכולים לבקש לדבר
verb-streamer = האם כתובות, מפתחות והזמנות נשארים מחוץ למסך
verb-notify = האם שולחן העבודה מודיע שמשהו הגיע
verb-online = להתחבר
verb-offline = להיראות מנותק
verb-connect = להתחבר אף שנראים מנותקים
verb-disconnect = לסיים זאת
verb-about = עוד על השיחה הזאת
verb-servers = השרתים שלך והיומנים שלהם
verb-profile = את/ה, והכתובת שלך
verb-network = איך מגיעים אליך
verb-help = זה
verb-quit = סגירה

## Search

search = חיפוש
search-none = לא נמצא דבר.
search-none-yet = עדיין לא נמצא דבר.
search-unreadable = ‏{ $part } אינו מסנן שאפשר לקרוא. יש from:NAME, in:NAME, after:2026-01-31, before:2026-01-31 ו־has:invite.
need-search = מילים לחיפוש. מסננים: from:NAME, in:NAME, after:2026-01-31, before:2026-01-31, has:invite
hit = { $when } · { $place } · { $who }: { $text }
label-searched = חיפשת
label-place = בתוך
act-more = לחפש עוד
act-search = לחפש משהו אחר
rejects = לא מוצג
rejects-about = מה ששרתים מסרו לקבוצות שלך ולא היה אפשר לקבל: מזויף, שבור או לא מיועד לך.
rejects-none = אין דבר.

## The way to the network

ask-network = כיצד המחשב הזה יכול להגיע לרשת Tor?
ask-network-about = שום דבר לא יוצא ממנו בדרך אחרת. אפשר לשנות זאת אחר כך, בדף של הרשת.
network-direct = ישירות, עם Tor שבתוך התוכנה
network-bridges = דרך גשרים, כי Tor חסום או תחת מעקב כאן
network-system = דרך Tor שפועל על המחשב הזה (Tails, Whonix, או Tor משלך)
ask-bridges = שורות של גשרים, או נתיב של קובץ שבו הם
ask-bridges-about = הדביקו את מה שקיבלתם, גשר אחד בכל שורה. גשרים מתקבלים מ־bridges.torproject.org, מהבוט @GetBridgesBot בטלגרם, או ממישהו שסומכים עליו.
network-other = לבחור דרך אחרת לרשת
network-later = נשמר. השירות ישתמש בזה כשיופעל בפעם הבאה.
network-loopback = רשת ה־loopback אינה נותנת אנונימיות: היא מחברת רק תוכנות על המחשב הזה, לבדיקות ולהדגמות.
act-other-network = לבחור דרך אחרת לרשת

## More of what is asked and said

too-small = אין די מקום: דרושות { $columns } עמודות ו־{ $rows } שורות. זה ימשיך כשהחלון יגדל.
nothing-yet = אין כאן עדיין אף אחד. תנו למישהו את הכתובת שלכם (Tab לרשימה, i לפרופיל), או הקלידו / כדי להוסיף איש קשר.
nothing-open = בחרו שיחה ברשימה.
list-empty = אין עדיין שיחות. / פותח פקודה: /add ADDRESS
mark-group = קבוצה
too-long-to-copy = זה ארוך מדי ללוח של מסוף.
saved = זה נשמר ב־{ $path }.
open-unknown = אין שיחה בשם { $name }.
password-none-about = ריק פירושו בלי סיסמה.
ask-old-password = הסיסמה עד עכשיו
ask-changed-password = הסיסמה החדשה
ask-keys = אילו מפתחות יקבלו בקבוצה החדשה?
ask-keys-about = אי אפשר לשנות זאת אחר כך.
keys-trusted = מפתח חדש בכל יום, לקבוצה שחבריה סומכים זה על זה: מי שברשימה הוא בקבוצה
keys-strangers = מפתח חדש בכל יום, לקבוצה שאולי יש בה זרים: הרשימה אומרת רק מי מקבל מפתח חדש
keys-for-all = מפתח אחד לתמיד, כדי שאנשים עם תוכנת Cwtch הרגילה יוכלו להצטרף
ask-newkey-with = לתת לקבוצה מפתח חדש ועוד חבר? האחרים נשאלים.
ask-move = להעביר את הקבוצה לשרת הזה, עם מפתח חדש? האחרים נשאלים.
ask-again = לעשות את השינוי הזה שוב, מעל המפתח שבשימוש עכשיו?
ask-keep-keys = לשמור מעכשיו את מפתחות הימים של הקבוצה למספר הימים הזה? מפתחות ישנים יותר נמחקים, ומה שרק הם פותחים לא יתקבל שוב.
ask-seal = לחתום את הקבוצה? מה שההודעות נשלחו בו, והזמנות עם המפתח שלה, נמחקים מהדיסק; טקסטים שאתם שומרים נשארים.
ask-clear = למחוק את כל מה שנאמר כאן? אצל אחרים זה נשאר. אי אפשר לבטל.
done-sealed = נחתם. { $texts ->
        [0] לא נמחק שום טקסט.
        [one] נמחק טקסט של הודעה אחת.
       *[other] נמחקו טקסטים של { $texts } הודעות.
    }
done-offered = ההצעה בדרך.
done-keep-keys = המפתחות נשמרים כך מהסנכרון הבא.
done-hidden = מה שהחבר הזה כותב לא מוצג עוד. לא מודיעים לאיש.
done-unhidden = מה שהחבר הזה כותב שוב מוצג.
done-cleared = כל מה שנאמר כאן נמחק כאן.
done-archived = היא מחוץ לרשימה עד שתפתחו אותה שוב בשמה.
done-unarchived = היא שוב ברשימה.
done-password = הסיסמה החדשה בשימוש מעכשיו. עותקים שנעשו קודם עדיין נפתחים בישנה.
own-address = הכתובת שלך
own-address-about = מי שיש לו אותה יכול לבקש לדבר איתך. מצלמה קוראת את הקוד.
streamer-address = מצב שידור מסתיר אותה מהמסך; אפשר להעתיק אותה.
kept-for-ever = טקסטים נשמרים לתמיד
kept-for = { $hours ->
        [one] טקסטים נמחקים אחרי שעה
       *[other] { $days ->
            [0] טקסטים נמחקים אחרי { $hours } שעות
            [one] טקסטים נמחקים אחרי { $hours } שעות
           *[other] טקסטים נמחקים אחרי { $days } ימים
        }
    }
kept-forgotten = { $count ->
        [one] הודעה אחת לא אומרת עוד דבר.
       *[other] { $count } הודעות לא אומרות עוד דבר.
    }
kept-sealed = נחתם { $when }.
kept-keys-from = טקסטים מלפני { $when } נמצאים כאן, המפתחות שלהם לא.
label-kept = נשמר
label-closing = בסגירה
closing-stays = נשארים זמינים
closing-stops = מתנתקים
act-closing-stays = להישאר זמינים כשהתוכנה נסגרת
act-closing-stops = להתנתק כשהתוכנה נסגרת
act-streamer-on = להסתיר כתובות ומפתחות מהמסך (מצב שידור)
act-streamer-off = להציג שוב כתובות ומפתחות
streamer-on = מצב שידור: מעכשיו כתובות, מפתחות והזמנות אינם על המסך. מה שמוקלד או נכתב עדיין מוצג.
streamer-off = כתובות ומפתחות מוצגים שוב על המסך.
act-notify-on = לתת לשולחן העבודה להודיע שמשהו הגיע
act-notify-off = להודיע רק בצפצוף של המסוף
notify-on = מעכשיו שולחן העבודה מודיע שמשהו הגיע, ולא מה או ממי. מי שרואה את המסך רואה זאת.
notify-off = שולחן העבודה לא מודיע עוד דבר.
notify-impossible = שולחן העבודה אינו מציג הודעות: notify-send (בדביאן: libnotify-bin) אינו מותקן, או שאינו מגיע לשולחן עבודה. הצפצוף של המסוף ממשיך.
notification = יש משהו חדש.
notification-trial = כך נראות ההודעות.
act-show-address = להציג את הכתובת כקוד למצלמה
act-password = לשנות את הסיסמה
act-rejects = מה שלא מוצג
act-groups-on = להפעיל קבוצות (ניסוי)
act-groups-off = לכבות קבוצות
act-strangers-on = לתת לזרים לבקש לדבר
act-strangers-off = לנתק זרים בלי לשאול אותי
act-newkey = לתת לה מפתח חדש
act-seal = לחתום אותה
act-again = לעשות שוב את השינוי שלא התקבל
act-follow = לענות שוב על המפתח החדש של { $by }
act-evidence = לשמור את הראיה מ־{ $when } בקובץ, לאחרים
key-search = Ctrl+F: לחפש מילים.
key-emoji = ‎:name ו־Tab: אמוג׳י.
takes-days = ימים
takes-conversation = שיחה
verb-with = לתת לקבוצה מפתח חדש, עם עוד חבר אחד
verb-move = להעביר את הקבוצה לשרת אחר
verb-hide = לא להציג עוד דבר מהחבר הזה
verb-unhide = להציג שוב את החבר הזה
verb-seal = למחוק מה שיפתח שוב את ההודעות של הקבוצה
verb-keepkeys = כמה זמן נשמרים כאן מפתחות של ימים
verb-offergroup = להציע לאיש הקשר קבוצה של שניכם
verb-clear = למחוק את כל מה שנאמר כאן
verb-archive = מחוץ לרשימה, או חזרה
verb-search = לחפש מילים בכל מקום
verb-find = לחפש מילים כאן
verb-open = לפתוח שיחה
verb-back = לסגור את השיחה
verb-address = הכתובת שלך, כטקסט וכקוד
verb-password = לשנות את סיסמת הפרופיל
verb-rejects = מה שנמסר ולא מוצג

## Profiles

profiles = פרופילים
profiles-about = שירות אחד מחזיק מקוונים את אלה שפתוחים. מי שמתבונן רואה שהם באים והולכים יחד.
profile-here = פתוח, ולפניך
profile-open = פתוח בשירות
profile-closed = סגור; פתיחתו דורשת את סיסמתו
profile-unprotected = סגור; אין לו סיסמה
act-profiles = כל הפרופילים
act-switch = לעבור אל { $name }
act-close-profile = לסגור את { $name }
act-rename-profile = לתת ל־{ $name } שם אחר
act-delete-profile = למחוק את { $name }
act-new-profile = ליצור פרופיל חדש
ask-close-profile = לסגור את { $name }? הוא יתנתק, והודעות אליו ימתינו אצל מי שכותבים אותן.
ask-delete-profile = למחוק את { $name }, עם כתובתו, אנשי הקשר שלו וכל מה שנאמר? המפתחות הולכים קודם. אי אפשר לבטל.
need-profile-label = שם אחר לפרופיל; אף אחד אחר לא רואה אותו
verb-profiles = כל הפרופילים

## Safety words and notes

safety-words = מילות ביטחון
safety-words-about = השוו אותן עם המילים שהצד השני רואה, בערוץ שבו אתם מכירים זה את זה: פנים אל פנים או בשיחה. אם הן זהות, איש לא עומד ביניכם. אם לא, לאחד מכם כתובת שגויה.
streamer-words = מצב שידור מסתיר אותן מהמסך.
label-with = עם
label-compared = הושוו
label-note = פתק
compared-never = אף פעם
act-words = להשוות מילות ביטחון
act-compared = הן זהות: לרשום זאת
act-uncompared = לבטל את הרישום שהן זהות
act-note = לכתוב פתק, רק לעצמי
need-note = פתק, רק לעצמך; ריק מוחק אותו
done-note = הפתק נשמר.
done-compared = נרשם שהשוויתם את המילים.
done-uncompared = הרישום בוטל.
verb-note = פתק על השיחה הזאת, רק לעצמך
verb-words = מילות ביטחון להשוואה עם איש הקשר
