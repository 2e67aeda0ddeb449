### Notes about a group message beside its text, in Hebrew, for tests; a person who speaks it has not read it yet.

note-you = את/ה (במכשיר אחר)
note-conflicting = { $name } שלח היסטוריות סותרות (או שחזר גיבוי).
note-never-posted = { $name } מתייחס להודעה שמעולם לא נשלחה.
note-split-view = חסרה הודעה קודמת, ו־{ $name } מדווח על יומן אחר של השרת הזה. כדאי להשוות עם אנשי קשר אחרים.
note-other-log = { $name } מדווח על יומן אחר של השרת הזה.
note-missing = { $count ->
        [one] חסרה הודעה אחת מאת { $name }: היא לא נמסרה, בידי { $name } או בידי השרת.
        [two] חסרות שתי הודעות מאת { $name }: הן לא נמסרו, בידי { $name } או בידי השרת.
       *[other] חסרות { $count } הודעות מאת { $name }: הן לא נמסרו, בידי { $name } או בידי השרת.
    }
note-expired = { $count ->
        [one] חסרה הודעה אחת מאת { $name }; ייתכן שפג תוקפה בשרת.
        [two] חסרות שתי הודעות מאת { $name }; ייתכן שפג תוקפן בשרת.
       *[other] חסרות { $count } הודעות מאת { $name }; ייתכן שפג תוקפן בשרת.
    }
note-expired-all = תוקפן של הודעות ישנות יותר פג בשרת.
note-undecided = חסרה הודעה קודמת; אי אפשר לומר מדוע.
note-no-receipts = חסרה הודעה קודמת; השרת הזה אינו נותן קבלות.
note-waiting = ממתינים להודעה קודמת.
note-unreadable = הודעה קודמת מוצפנת במפתח שאין לך.
note-copy = ההודעה הזאת נשלחה שוב בידי מישהו.
note-late = היא הגיעה באיחור, מחבר בקבוצה; השרת עדיין לא הראה אותה.
