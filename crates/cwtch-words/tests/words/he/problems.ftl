### Problems in Hebrew, for tests; a person who speaks it has not read it yet.

problem-closed = המנוע נעצר; הריצו את הפקודה שוב.
problem-database-thread-failed = החלק של התוכנה ששומר את מסד הנתונים נכשל, וזו תקלה של התוכנה. הפעילו אותה שוב; מה שאושר נמצא בדיסק.
problem-no-database-thread = { $detail ->
        [none] אי אפשר להפעיל את התהליכון של מסד הנתונים.
       *[other] אי אפשר להפעיל את התהליכון של מסד הנתונים: { $detail }.
    }
problem-socket-unusable = { $detail ->
        [none] אי אפשר ליצור את השקע של הפרופיל.
       *[other] { $detail }
    }
problem-profile-name-unfit = שם של פרופיל צריך להיות בן 1 עד { $max } בתים, בלי '/' ובלי תווי בקרה, ולא להתחיל ב־'.'.
problem-profile-exists = כבר יש פרופיל בשם הזה: בחרו שם אחר.
problem-no-such-profile = אין פרופיל בשם הזה.
problem-profile-open-already = הפרופיל { $profile } כבר פתוח.
problem-too-many-profiles-open = { $max } פרופילים פתוחים, וזה המספר המרבי בבת אחת.
problem-profile-not-open = הפרופיל { $profile } אינו פתוח.
problem-no-profile-open = שום פרופיל אינו פתוח.
problem-profile-not-named = { $number } פרופילים פתוחים ({ $profiles }): ציינו אחד כ־"profile" ב־params.
problem-profile-must-be-closed = הפרופיל { $profile } פתוח: סגרו אותו קודם.
problem-profile-locked = נעול: תהליך cwtch אחר (אולי שירות הרקע) פתח את הפרופיל הזה; עצרו אותו, או תנו לו לעשות את העבודה.
problem-password-empty = סיסמה ריקה אינה מגינה על דבר: תנו סיסמה, או אף אחת.
problem-password-unfit = סיסמה היא בת { $max } בתים לכל היותר ובלי מעברי שורה; בחרו אחרת.
problem-password-needed = לפרופיל הזה יש סיסמה, והיא נחוצה כדי לפתוח אותו.
problem-no-password-set = לפרופיל הזה אין סיסמה: פתחו אותו בלעדיה.
problem-password-wrong = סיסמה שגויה.
problem-text-empty = הטקסט ריק; אמרו משהו.
problem-text-unfit = { $what }: נדרשים 1 עד { $max } בתים, בלי תווי בקרה.
problem-too-long = { $what }: ארוך מדי, נשמרים { $max } בתים לכל היותר.
problem-name-mistaken = { $what }: אסור שם ש{ $mistake }.
problem-timeout-too-long = הזמן הקצוב הוא { $max } שניות לכל היותר.
problem-keep-unfit = אפשר לשמור טקסטים מ־{ $hours } שעה עד { $years } שנים, או לתמיד.
problem-vanish-unfit = הודעות יכולות להיעלם { $seconds } שניות עד { $days } ימים אחרי שנקראו, או בכלל לא.
problem-vanishes-with-contacts = הודעות נעלמות בהסכמה עם איש קשר אחד. בקבוצה כל חבר מחליט כמה זמן טקסטים נשמרים אצלו.
problem-page-unclear = מתוך since, after, before ו־around אפשר לתת רק אחד, או since עם after.
problem-ids-unfit = ציינו הודעה אחת או יותר, { $max } לכל היותר.
problem-search-empty = אין מה לחפש: תנו מילה, או של מי ההודעות, באיזו שיחה, או מה יש בהן.
problem-search-too-long = זה יותר מדי לחיפוש: לכל היותר { $number } מילים ב־{ $max } בתים.
problem-unknown-experiment = אין ניסוי בשם הזה; היחיד הוא { $known }.
problem-unknown-attribute = אין תכונה כזאת; בחרו אחת מאלה: { $known }.
problem-attribute-unfit = תכונה היא בת { $max } בתים לכל היותר ובלי תווי בקרה; קצרו אותה.
problem-address-unusable = זו אינה כתובת שאפשר להשתמש בה: { $fault }.
problem-own-address = זו הכתובת שלך.
problem-server-for-contact = זה טקסט של שרת, לא כתובת של מישהו.
problem-invite-for-contact = זו הזמנה לקבוצה, לא כתובת של מישהו.
problem-no-server-named = זה אינו שם של שרת ({ $fault }): תנו כתובת של שרת כפי שרשימת השרתים מראה אותה, או מחרוזת server:….
problem-server-text-unusable = { $detail ->
        [none] אי אפשר להשתמש בטקסט של השרת הזה.
       *[other] אי אפשר להשתמש בטקסט של השרת הזה: { $detail }.
    }
problem-no-invite = זו אינה הזמנה לקבוצה: הזמנה מתחילה ב־torv3, ב־tofubundle: או ב־cwtchgroup2: ; העתיקו את כל הטקסט.
problem-invite-unusable = { $detail ->
        [none] אי אפשר להשתמש בהזמנה הזאת.
       *[other] אי אפשר להשתמש בהזמנה הזאת: { $detail }.
    }
problem-name-ambiguous = { $name } יכול להיות אחד מכמה. ציינו את זה שהתכוונתם אליו בכתובת או במזהה, או תנו לו שם משלכם.
problem-name-only-alike = אין { $wanted } בשם { $name }, אבל יש כאלה שנראים כמוהו. ציינו את זה שהתכוונתם אליו בכתובת או במזהה.
problem-nobody-called-at-all = אין מי שנקרא { $name }, לא איש קשר ולא קבוצה.
problem-nobody-called = אין { $wanted } בשם { $name }.
problem-unknown-contact = אין איש קשר כזה.
problem-unknown-conversation = לשום איש קשר ולשום קבוצה אין הכתובת, המזהה או השם הזה.
problem-unknown-group = אין קבוצה כזאת.
problem-unknown-server = השרת הזה אינו מוכר: הוסיפו אותו קודם, או תנו כאן את מחרוזת server:….
problem-unknown-message = אין הודעה כזאת.
problem-no-such-message-here = אין הודעה { $id } בשיחה הזאת.
problem-unknown-evidence = אין ראיה במספר הזה.
problem-contact-not-accepted = איש הקשר הזה עדיין לא התקבל.
problem-contact-blocked = איש הקשר הזה חסום.
problem-contact-named-otherwise = זה כבר איש קשר, בשם אחר.
problem-no-contact-request = אפשר לדחות רק מי שהתחבר ואינו איש קשר: חסמו או הסירו איש קשר.
problem-connection-failed = { $detail ->
        [none] החיבור נכשל.
       *[other] { $detail }
    }
problem-message-too-long = ההודעה ארוכה מדי: { $bytes } בתים כפי שהיא נשלחת (מירכאות, מעברי שורה ו־<>& תופסים יותר מאחד), ולאיש הקשר הזה הולכים { $max } לכל היותר; קצרו אותה או שלחו בחלקים.
problem-group-message-too-long = להודעה יש { $bytes } בתים עם המסגרת שלה, ולהודעת קבוצה { $max } לכל היותר: קצרו או חלקו אותה.
problem-group-message-too-long-escaped = להודעה יש { $bytes } בתים אחרי שהתווים המיוחדים שלה (כמו < > & ומירכאות) מוחלפים, ולהודעת קבוצה { $max } לכל היותר: קצרו או חלקו אותה.
problem-forbidden-character = בהודעה יש תו הבקרה { $character }, שקבוצות אינן יכולות להעביר: הסירו אותו.
problem-clock-out-of-range = הזמן מחוץ לתחום: כוונו את שעון המחשב הזה.
problem-message-unreadable = { $detail ->
        [none] אחרים לא יוכלו לקרוא את ההודעה.
       *[other] אחרים לא יוכלו לקרוא את ההודעה: { $detail }.
    }
problem-not-yours = הודעה { $id } אינה שלך: רק הודעות שלך אפשר לשלוח שוב.
problem-arrived-already = הודעה { $id } כבר הגיעה; כתבו אותה מחדש כדי לומר אותה שוב.
problem-text-forgotten = מה שנאמר בהודעה { $id } נשכח כאן: אי אפשר לשלוח אותה שוב וגם לא לענות לה.
problem-not-queued-failed = על הודעה { $id } כבר ויתרו: רק הודעות ממתינות אפשר להחזיר.
problem-not-queued-received = הודעה { $id } אינה שלך: רק הודעות ממתינות אפשר להחזיר.
problem-not-queued-arrived = הודעה { $id } כבר הגיעה: רק הודעות ממתינות אפשר להחזיר.
problem-taken-back = ההודעה הוחזרה לפני שאושרה.
problem-duplicate-message = הודעה במזהה הזה כבר נשמרה.
problem-number-taken = הודעה אחרת לקבוצה הזאת נכתבה באותו זמן; שלחו שוב.
problem-may-have-arrived = היא כבר יצאה, ולכן ייתכן שהגיעה או עוד תגיע; אז היא תוצג כמי שנמסרה.
problem-stopping = התוכנה נעצרת לפני שההודעה אושרה; היא נשארת בתור ותצא מאוחר יותר, לכן אל תשלחו אותה שוב.
problem-stays-queued = ההודעה נשארת בתור ותצא { $leaves }.
problem-not-acknowledged = איש הקשר לא אישר את ההודעה בתוך { $seconds } שניות; היא נשארת בתור ותצא { $leaves }.
problem-not-confirmed = השרת { $server } לא אישר את ההודעה בתוך { $seconds } שניות; היא נשארת בתור ותצא { $leaves }.
problem-presence-online = הפרופיל מחובר ומחזיק חיבורים עם כולם: היראו מנותקים קודם.
problem-needs-daemon = בלי שירות רקע איש אינו מחזיק חיבורים: פקודה מתחברת למי שהיא מציינת.
problem-cannot-listen = אי אפשר להאזין בכתובת של הפרופיל עצמו.
problem-waits-for = ממתינים: { $step }.
problem-address-unreachable = אחרים אינם יכולים להגיע עכשיו לכתובת העצמית.
problem-network-not-ready = הרשת אינה מוכנה: ממתינים: { $step } ({ $percent } %).
problem-nothing-fetched = דבר לא הובא מהשרת; סנכרנו שוב מאוחר יותר.
problem-groups-off = קבוצות הן ניסוי והן כבויות.
problem-too-many-groups = לפרופיל יש לכל היותר { $max } קבוצות; עזבו אחת או צרו פרופיל נוסף.
problem-too-many-servers = לפרופיל יש לכל היותר { $max } שרתים; עזבו אחד או צרו פרופיל נוסף.
problem-too-many-members = ברשימת החברים של קבוצה יש לכל היותר { $max } חברים.
problem-too-many-hidden = אפשר להסתיר לכל היותר { $max } חברים של קבוצה. מפתח חדש בלי מי שאיש אינו רוצה משאיר אותם בחוץ: `group fork`.
problem-invite-server-unknown = השרת של ההזמנה, { $server }, אינו מוכר כאן: הוסיפו אותו קודם, או בקשו את ההזמנה בצורה tofubundle:…, שמכילה אותו.
problem-server-keys-unfit = לשרת הזה יש מפתחות שהזמנה לקבוצה עם מפתחות יומיים אינה יכולה לשאת: צרו שם קבוצה קבועה, או השתמשו בשרת אחר.
problem-daily-unknown = לא ידוע אם התוכנה של איש הקשר הזה יכולה לקרוא קבוצות עם מפתחות יומיים; תוכנות שאינן יכולות מסרבות להזמנה. זה ידוע אחרי שכתבו בקבוצה כזאת או הזמינו אתכם לאחת.
problem-static-has-no-list = חברים רשומים רק בקבוצות עם מפתחות יומיים: בחרו trusted או strangers.
problem-key-unconfirmed-sync = מה שנכתב כאן יוצא אחרי שייקרא כל מה שיש בשרת: עד אז דבר אינו מאשר את המפתח שההזמנה הביאה.
problem-key-unconfirmed = מה שנכתב כאן יוצא אחרי שתיקרא הודעה של חבר ברשימה שלא הזמין אתכם (של שניים, אם לא ידוע מי הזמין): עד אז דבר אינו מאשר את המפתח שההזמנה הביאה, ותחת מפתח כוזב רק מי שהמציא אותו יקרא אתכם. אם דבר אינו נפתח, בקשו הזמנה מחבר אחר.
problem-days-apart = שעון המכשיר הזה ושעון השרת רחוקים ביותר מיום, והודעה שייכת ליום: כוונו את שעון המכשיר.
problem-server-in-use = השרת הזה נושא קבוצות שלך: עזבו אותן קודם.
problem-server-has-evidence = יש ראיות נגד השרת הזה, והן נשמרות איתו: אי אפשר להסיר אותו.
problem-server-keys-changed = מפתחות השרת שונים מאלה שנראו לראשונה, ולכן החבילה הזאת נדחית: שאלו את המפעיל; דבר לא השתנה.
problem-epoch-unfit = אי אפשר להשתמש כך עכשיו במפתח הזה של הקבוצה.
problem-group-known-otherwise = הקבוצה הזאת מוכרת עם מפתח או שרת אחר, ולכן ההזמנה נדחית.
problem-unknown-fork = לשום מפתח חדש של הקבוצה הזאת אין השם הזה, או שלכמה יש: `group forks` מציגה אותם; תנו לפחות 8 תווים.
problem-fork-reaches-nobody = אף אחד מהאחרים אינו איש קשר שהתקבל, ולכן מפתח חדש שאינו מושם בקבוצה לא יינתן לאיש.
problem-fork-waits = { $by } יצר מפתח בלי { $names }, ומי שבלעדיהם נוצר יכולים לקרוא את מה שנכתב עכשיו. קבלו או דחו אותו קודם, או שלחו בכל זאת.
problem-fork-not-synced = ייתכן שאחרים עשו משהו שעדיין לא ידוע כאן: השרת של הקבוצה צריך להיות מחובר ומסונכרן קודם. נסו שוב כשיהיה.
problem-fork-not-listed = אינכם ברשימת החברים של הקבוצה הזאת: בקשו מאחד מהם ליצור את המפתח החדש.
problem-fork-undecided = מישהו אחר יצר מפתח חדש, והוא ממתין להחלטה שלך: { $fork }. החליטו קודם.
problem-fork-clock = שעון המכשיר הזה שונה מיומן השרת ביותר מיום, ומפתח חדש נושא את זמנו: כוונו את השעון.
problem-fork-too-soon = המפתח החדש האחרון שלך בן פחות משבעה ימים. האחרים יישאלו על עוד אחד, כי מפתחות חדשים בלי סוף הם התקפה.
problem-fork-same-server = הקבוצה כבר נמצאת בשרת הזה.
problem-fork-nowhere = אמרו לאיזה שרת הקבוצה עוברת: הכתובת שלו, או הטקסט `server:` שלו.
problem-server-dialled-later = חבר אחר העביר קבוצה לשרת הזה. ההתקשרות הראשונה אליו ברגע אקראי בתוך שש שעות, כדי שהמפעיל לא יראה מי בא יחד.
problem-fork-not-open = אי אפשר עכשיו לעבור למפתח החדש הזה, לדחות אותו או להחזיר אותו.
problem-fork-not-lost = אין במפתח הזה מה לעשות שוב: הוא אינו אחד משלך שלא התקבל, או שמה שהוא שינה כבר כך.
problem-no-member = { $who } אינו חבר בקבוצה הזאת שאפשר להשאיר בחוץ.
problem-key-days-unfit = מפתחות הימים נשמרים { $min } עד { $max } ימים: פחות מזה ינעל בחוץ את מי שלא היה.
problem-no-day-keys = לקבוצה הזאת מפתח אחד לכול, ואין מפתח לכל יום.
problem-day-behind-others = הודעות של אחרים הן מימים מאוחרים ממה שאומר שעון המכשיר הזה: כוונו את השעון, או שמה שתכתבו לא ייפתח למי ששכח את מפתח היום ההוא.
problem-not-in-group = לא ידוע על אף אחד בכתובת הזאת שהוא בקבוצה: מי שלא כתב בה ואינו ברשימה שלה אינו ניתן להסתרה.
problem-fork-too-large = מפתח חדש הוא ל־{ $max } חברים לכל היותר.
problem-server-not-used = השרת של הקבוצה אינו בשימוש עוד; הציגו את הקבוצות ונסו שוב.
problem-server-lost = { $detail ->
        [none] אי אפשר להשתמש עכשיו: { the-server }.
       *[other] אי אפשר להשתמש עכשיו: { the-server }: { $detail }.
    }
problem-server-silent = { the-server } לא ענה כבר { $seconds } שניות.
problem-server-misbehaved = { $detail ->
        [none] { the-server } הפר את הפרוטוקול.
       *[other] { the-server } הפר את הפרוטוקול: { $detail }.
    }
problem-server-unsigned = השרת שולח הודעות רבות בלי חתימתו; הסנכרון נפסק.
problem-reading-failed = קריאת הודעות השרת נכשלה; זו תקלה בתוכנה.
problem-no-tokens = { $detail ->
        [none] השרת אינו מוכר אסימונים עכשיו.
       *[other] השרת אינו מוכר אסימונים עכשיו: { $detail }.
    }
problem-server-full = אין בשרת מקום להודעות חדשות עכשיו: הוא שומר את הישנות כל עוד הבטיח. הוא נשאל שוב; המפעיל יכול לפנות מקום.
problem-server-cannot-store = השרת לא יכול היה לשמור את ההודעה; ייתכן שהדיסק שלו מלא. הוא נשאל שוב; על המפעיל לבדוק זאת.
problem-post-refused = השרת { $server } סירב להודעה פעמיים, עם שני אסימונים שונים; היא סומנה ככישלון. שאלו את המפעיל, או שלחו שוב מאוחר יותר.
problem-server-answer-unusable = { the-server } לא נתן תשובה שאפשר להשתמש בה עכשיו.
problem-server-contradicts = { the-server } סותר את מה שחתם עליו ואינו בשימוש עוד.
problem-log-differs = ל־{ $name } מראים יומן אחר של השרת הזה, או כך נאמר. דבר לא הוכח; השוו עם אחרים בערוץ אחר.
problem-proof-damaged = ההוכחה השמורה אינה עומדת עוד בבדיקה: מסד הנתונים פגום; שחזרו את תיקיית הפרופיל מגיבוי.
problem-log-damaged = מה ששמור על רישום ההודעות של השרת פגום; זו אינה אשמת השרת, ודבר לא נקרא ממנו: שחזרו את תיקיית הפרופיל מגיבוי.
problem-changes-never-were = עדיין אין שינוי { $after }, החדש ביותר הוא { $newest }, כלומר הפרופיל הוחזר למצב קודם: קראו את השיחות מחדש, והמשיכו אחרי השינוי { $newest }.
problem-changes-gone = לא כל השינויים אחרי { $after } עדיין שמורים, לישן ביותר השמור יש המספר { $oldest }: קראו את השיחות מחדש, והמשיכו אחרי השינוי { $newest }.
problem-not-private-read = משתמשים אחרים יכולים לקרוא את { $path }: הפכו אותו לפרטי עם `chmod { $mode } { $path }`.
problem-not-private-change = משתמשים אחרים יכולים לשנות את { $path }: הפכו אותו לפרטי עם `chmod { $mode } { $path }`.
problem-not-owned = { $path } שייך למשתמש אחר: בחרו תיקיית נתונים משלכם.
problem-wrong-file-kind = { $path } אינו מה שהוא אמור להיות (תיקייה, או קובץ רגיל).
problem-newer-version = הפרופיל הזה נוצר בגרסה חדשה יותר של cwtch: עדכנו את cwtch.
problem-absurd-key-derivation = הקובץ profile.json של הפרופיל דורש גזירת מפתח מופרכת; שחזרו את הקובץ מגיבוי.
problem-damaged = קובצי הפרופיל פגומים או חסרים: שחזרו את כל תיקיית הפרופיל מגיבוי.
problem-disk-full = { $detail ->
        [none] הדיסק מלא; דבר מהצעד הזה לא נשמר: פנו מקום ונסו שוב.
       *[other] הדיסק מלא; דבר מהצעד הזה לא נשמר ({ $detail }): פנו מקום ונסו שוב.
    }
problem-not-erased-yet = זה נעלם מכאן, אבל עדיין אפשר למצוא אותו בקובצי הפרופיל; ההסרה תנוסה שוב מעצמה.
problem-database-busy = { $detail ->
        [none] מסד הנתונים בשימוש של תוכנה אחרת; נסו שוב כשתסיים.
       *[other] מסד הנתונים בשימוש של תוכנה אחרת ({ $detail }); נסו שוב כשתסיים.
    }
problem-database-unusable = { $detail ->
        [none] אי אפשר לקרוא עוד את מסד הנתונים: חלק ממנו פגום, או שלמחשב לא נשאר זיכרון.
       *[other] אי אפשר לקרוא עוד את מסד הנתונים ({ $detail }): חלק ממנו פגום, או שלמחשב לא נשאר זיכרון.
    } הפעילו את cwtch שוב; אם זה לא עוזר, שחזרו את כל תיקיית הפרופיל מגיבוי.
problem-database-failed = { $detail ->
        [none] מסד הנתונים נכשל.
       *[other] { $detail }
    }
problem-file-failed = { $detail ->
        [none] הדיסק סירב.
       *[other] { $detail }
    }

the-server = { $server ->
        [none] השרת
       *[other] השרת { $server }
    }

wanted-contact = איש קשר
wanted-group = קבוצה
wanted-conversation = שיחה

purpose-contact-name = שם של איש קשר
purpose-group-name = שם של קבוצה
purpose-message = הודעה
purpose-encrypted-message = הודעה מוצפנת
purpose-message-id = מזהה של הודעה
purpose-signature = חתימה
purpose-draft = טיוטה
purpose-note = פתק
purpose-key-bundle = חבילת מפתחות
purpose-attribute = תכונה
purpose-experiment-name = שם של ניסוי
purpose-setting-name = שם של הגדרה
purpose-setting = הגדרה
purpose-reason = סיבה

mistaken-claimed = מתחיל במירכאות, שמסמנות שמות שאחרים בחרו: השמיטו אותן
mistaken-address = הוא כתובת, מזהה של קבוצה או מספר של שיחה: בחרו שם

log-fault-clock-ahead = נקודת הביקורת של השרת בעתיד לפי שעון המכשיר הזה.
log-fault-older = השרת הראה מצב ישן מזה שהראה קודם.
log-fault-earlier-certificate = השרת הראה תעודה שכבר החליף.
log-fault-unlinked = התעודה החדשה של השרת אינה מקושרת לזו שנרשמה.

leaves-by-itself = מעצמה
leaves-contact-online = ברגע שאיש הקשר מחובר וקיבל אתכם
leaves-server-reachable = ברגע שאפשר להגיע לשרת
leaves-command-or-online = עם הפקודה הבאה שמגיעה לאיש הקשר הזה, או מעצמה ברגע שתהיו מחוברים
leaves-command-or-daemon = עם הפקודה הבאה שמגיעה לאיש הקשר הזה, או מעצמה כל עוד שירות הרקע פועל
leaves-sync-or-daemon = עם ה־`send` או ה־`sync` הבא, או מעצמה כל עוד שירות הרקע פועל ואתם מחוברים
leaves-reaching-sync-or-daemon = עם ה־`send` או ה־`sync` הבא שמגיע לשרת, או מעצמה כל עוד שירות הרקע פועל ואתם מחוברים

address-fault-length = לכתובת יש 56 תווים, לזו { $characters }
address-fault-alphabet = בכתובת יש רק התווים a-z ו־2-7 באותיות קטנות
address-fault-version = זו כתובת בצל בגרסה { $version }; כאן קיימת רק גרסה 3
address-fault-checksum = סכום הביקורת של הכתובת שגוי: בדקו אם יש שגיאת הקלדה
address-fault-character = בכתובת יש רק האותיות a עד z והספרות 2 עד 7; בזו יש { $character }
address-fault-behind = משהו בא אחרי הכתובת; השמיטו את מה שאחרי `.onion`
address-fault-key = אין בכתובת מפתח שאפשר להשתמש בו

candidates-ambiguous = { $name } יכול להיות כל אחד מאלה: { $listed }. ציינו את זה שהתכוונתם אליו בכתובת או במזהה, או תנו לו שם משלכם.
candidates-alike = אין { $wanted } בשם { $name }, אבל זה נראה כמוהו: { $listed }. ציינו את זה שהתכוונתם אליו בכתובת או במזהה.
candidate-contact = איש הקשר { $name }
candidate-group = הקבוצה { $name }
candidates-more = ואחרים

elsewhere-message = נראה שעותק אחר של הפרופיל הזה פועל במקום אחר: הגיעה הודעה שלך שלא נכתבה כאן אחרי שהפרופיל נפתח. דבר לא נשלח עד שתבחרו.
elsewhere-address = נראה שעותק אחר של הפרופיל הזה פועל במקום אחר: תהליך אחר עונה בכתובת של הפרופיל. דבר לא נשלח עד שתבחרו.
elsewhere-queued = ההודעה נשארת בתור.
elsewhere-advice = עצרו את האחר, או את זה. במקום שבו הפרופיל ימשיך, אשרו שזה העותק היחיד: אז מה שממתין יוצא.

rejection-no-group = ההודעה אינה שייכת לשום קבוצה שלך.
rejection-malformed = חבר שלח משהו שאינו הודעת קבוצה.
rejection-other-group = ההודעה נוצרה לקבוצה אחרת והושמה בזו.
rejection-author = ההודעה מציינת מחבר שאינו יכול להתקיים.
rejection-signature = ההודעה לא נכתבה בידי המחבר שהיא מציינת: זיוף, או שהיא שונתה בדרך.
rejection-time = ההודעה נושאת זמן שאינו קיים.
rejection-too-long = ההודעה גדולה מכל הודעה אמיתית.
rejection-other-day = ההודעה הושמה תחת יום אחר מזה שהמחבר חתם עליו.
rejection-day-ahead = ההודעה הושמה תחת יום שרחוק שנים קדימה.
rejection-other-key = ההודעה נחתמה במפתח שאינו מתאים; אם אתם חדשים בקבוצה, בקשו הזמנה מחבר אחר.
