"""English."""

from agents.writing.lexicon.base import Language, phrases, words

BLAME = phrases(r"""
    over ?due / late(?! (?:morning|afternoon|evening|night|light|spring|summer|autumn|winter)) /
    too late / belated\w* / tardy / past due / long past / past (?:its|their|your) (?:day|date|time) /
    (?:list|pile|heap|backlog) (?:is|are|has|keeps?|just) (?:\w+ )?(?:grow\w*|grew|longer|piling) /
    (?:growing|longer) (?:list|pile|heap|backlog) /
    (?:fall|falls|falling|fell|fallen|get|getting|lag|lagging|so|way|far|are|you're|were|is) behind /
    behind schedule / catch(?:ing)? up on / already / fail\w* / should(?:n't| not)? have /
    should've / you should(?:n't)? / you ought / ought to / you must(?:n't)? / mustn't / must /
    you need to / you have to / you've got to / you'd better / you had better / no excuses? /
    excuses? / lazy / laziness / asham\w+ / shame\w* / guilt\w* / embarrass\w* / disappoint\w* /
    procrastinat\w* / neglect\w* / ignored / ignoring /
    you (?:still )?(?:haven't|have not|didn't|did not|never|always|keep) / haven't you /
    didn't you / still not / still (?:un)?(?:waiting|undone|unfinished|open|pending) /
    why not just / wast(?:e|ed|ing) / slack\w* / slipping / let(?:ting)? (?:\w+ )?down /
    what's wrong with / finally / at long last / once and for all / for once / again and again /
    yet again / not again / stop being / bad habits? / pull yourself together /
    get your act together / get it together / snap out of / man up / everyone else /
    everybody else / other people (?:have|manage|can) / others (?:have|manage|can) / unlike you /
    expected of you / counting on you / relying on you / promised / you owe / regret\w* /
    dis?graceful / do(?: not|n'?t) forget / forgot(?:ten)? / postponed /
    put(?:ting)? (?:it |this )?off / avoid(?:ed|ing) (?:it|this) / gathering dust / blam\w+ /
    your fault / mess(?:ed)? up / for the (?:second|third|fourth|fifth|tenth|umpteenth) time /
    (?:how|so) long (?:has|have|will) / is that all / barely / not good enough / try harder /
    do better / worse
""")

HURRY = phrases(r"""
    (?<!no )(?<!without )hurr(?:y|ies|ied|ying) / asap / urgen\w* / now or never / right now /
    right away / straight away / immediate\w* / instantly / at once /
    act (?:now|fast|quickly|today) / last chance / final (?:chance|call|notice|warning|reminder) /
    last (?:call|reminder|warning|notice) / limited[- ]time /
    time is (?:running|ticking|up|short) / time's (?:running|ticking|up) / running out /
    runs out / clock is ticking / clock's ticking / tick[- ]?tock / countdown / deadlines? /
    before it's (?:too late|gone|over) / before time / don'?t (?:wait|delay|miss|lose|hesitate) /
    do not (?:wait|delay|miss|lose|hesitate) / never miss / miss(?:ing)? out / fomo / no time to /
    without delay / or else / (?:you'll|you will) (?:lose|miss) /
    (?:be|it's) quick / quickly / faster / (?<!no )(?<!without )rush(?:ed|ing)? / speed up /
    today only / only (?:\w+ )?(?:seconds?|minutes?|hours?|days?) (?:left|remain\w*|to go) /
    (?:seconds?|minutes?|hours?|days?) (?:left|remain(?:s|ing)?|to go) / expir(?:e|es|ed|ing|y) /
    emergency / critical\w* / crucial\w* / alert / warning / attention: / important: / priority /
    as soon as possible / eod / by the end of (?:the|this) (?:day|hour) /
    this (?:second|instant) / what are you waiting for / it's time to / no later than /
    before anyone else / can't wait / can ?not wait / pronto / go go
""")

GAMES = phrases(r"""
    streaks? / in a row / (?:days?|nights?|mornings?|evenings?|weeks?|times?) in a line /
    (?:run|roll|series) (?:is )?going / on a (?:run|roll) /
    (?:days?|weeks?|times?) straight / straight (?:days?|weeks?) /
    consecutive\w* / keep it up / keep (?:it|the \w+) (?:going|alive) / don'?t break / unbroken /
    break the chain / level(?:led|ed|ling|ing)? up / next level / points /
    (?:bonus|one|\d+) point / badges? / scores? / leaderboards? /
    (?:personal|new|own) (?:best|record) / your record / unlock\w* / rewards? / achievements? /
    trophy / trophies / xp / winn(?:er|ing)s? / win / beat your\w* / beat (?:yesterday|last) /
    perfect (?:day|week|month|score) / goals? (?:met|crushed|smashed) / crush(?:ed|ing)? it /
    smash\w* / nail(?:ed)? it / medals? / challenge / champion\w* / no days? off /
    every single day / every day without / productiv\w* / hustle / grind / top \d+ / rank\w*
""")

UNKIND = phrases(r"""
    stupid\w* / idiot\w* / dumb / moron\w* / losers? / pathetic / worthless / useless / hopeless /
    weak(?:ling|ness) / you(?:'re| are) (?:too )?(?:weak|fat|lazy|slow) / ugly / hate / fuck\w* /
    shit\w* / damn\w* / crap / bitch\w* / bastard\w* / shut up / kill\w* / suicid\w* / die /
    death / dead / (?:hurt|harm|cut|punish)(?:ing)? yourself / self-harm / drugs? / cocaine /
    alcohol / whisky / wine / beer / vodka / cigarettes? / vap(?:e|ing) / pills? / medicat\w* /
    medicines? / dos(?:e|es|age) / starv\w* /
    skip (?:\w+ )?(?:meals?|breakfast|lunch|dinner|sleep) / weapons? / guns? / sex\w* /
    quit your job / nobody (?:cares|likes|loves) / no one (?:cares|likes|loves) / crazy / insane
""")

PROMISE = phrases(r"""
    cures? / cured / heals? / diagnos\w* / diseases? / symptoms? / disorders? / depress\w* /
    adhd / anxiety / burn-?out / insomnia / weight[- ]loss / lose weight / calories / detox\w* /
    immune / toxins? / therap\w+ / clinical\w* / miracle / proven / guarantee\w* /
    studies (?:show|say|prove) / research (?:shows|says|proves) /
    scien(?:ce|tists?) (?:says?|shows?|proves?) / scientifically /
    doctors? (?:say|recommend|hate)\w* / experts? (?:say|recommend)\w* / will change your life /
    life-?changing / game-?changer / instant results / secret / (?:this|that) will make you /
    you'll feel (?:amazing|great|better) / happier / hacks?
""")

ERRAND = phrases(r"""
    click\w* / tap (?:here|the link|below|this) / (?:the|this|a|my) link / downloads? /
    install\w* / subscri\w+ / sign(?:ing)? (?:in|up) / log(?:ging)? ?(?:in|on) /
    pass(?:word|code|phrase)s? / username / credentials? / credit cards? / card number /
    bank (?:account|card|details|transfer)\w* / banking / your bank / iban / bitcoin / crypto\w* /
    wallets? / gift cards? / vouchers? / wire (?:money|the|transfer) /
    transfer (?:\w+ )?(?:money|funds) / invoices? / payments? / pay (?:now|here|the|for|us) /
    verify / verification / (?:buy|order) (?:now|here|this|our|it|one) / purchase / discounts? /
    coupons? / promo\w* /
    free trial / sponsor\w* / special offer / sale / cheap\w* /
    call (?:us|me|this number|now|the number) /
    (?:text|email|e-mail|message|whatsapp|contact|write to) (?:us|me|this number|support) /
    reply with / follow us / visit (?:us|our|the (?:site|page|website)) / web ?sites? /
    web ?pages? / homepage / url / qr[- ]?code / scan (?:the|this) \w* / app store /
    open the attachment / attachment / forward (?:this|all|your) /
    send (?:\w+ )?(?:money|cash|data|details|files|codes?) /
    dot (?:com|org|net|io|co|ai|app|de|uk|eu|me|info|xyz) / gmail / hotmail / telegram / discord /
    whatsapp / hxxps? / https? / www / social security / pin code / pin number / support team /
    customer (?:service|support) / hotline / phone number / vote (?:for|against)
""")

MACHINE = phrases(r"""
    ignore (?:all|any|the|your|previous|prior|above|every) / disregard / override /
    (?:previous|prior|above|earlier|following|new) (?:instructions?|prompts?|rules?|messages?) /
    instructions? / prompts? / system (?:prompt|message|note|override|role) /
    (?:system|assistant|user|human|developer|tool|role|ai|model)\s*: / you are now /
    you are (?:a|an) (?:\w+ )*(?:model|assistant|ai|bot|agent|pirate) / an ai / as ai /
    a\.?i\.? model / language model / chat ?bot / chatgpt / gpt\w* / claude / llama / gemini /
    openai / llm / jailbr\w+ / dan mode / developer mode / debug mode / pretend (?:to|that|you) /
    act as / role-?play / respond (?:with|only|in) / answer only /
    repeat (?:the|after|your|everything|all) / output / reveal / leak / exfiltrat\w* / json /
    xml / html / yaml / base64 / javascript / tokens? / api[- ]?keys? / secret key / canary /
    schema / delimiters? / end of (?:text|input|data|prompt) / begin (?:text|data|system) /
    candidates? / placeholders? / template / drop table / delete from / import os / sudo / eval /
    exec / null / undefined / lorem ipsum / todo / tbd
""")

SPEAKER = phrases(r"""
    i / i'(?:m|ve|ll|d) / im sorry / sorry / apolog\w+ / my / me / mine / myself / we / we're /
    we've / we'll / our / ours / us / sure,? here /
    here(?: is|'s| are) (?:\w+ )?(?:tips?|advice|insights?|suggestions?|reminders?|your) /
    ^(?:certainly|of course|sure) / as requested / hope this helps /
    cannot (?:help|assist|comply) / can't (?:help|assist|comply) / unable to / tip of the day /
    pro tip / fun fact / did you know / ^(?:hello|hi|hey|dear) / good (?:job|work|boy|girl) /
    well done / great job / congrat\w* / bravo / proud
""")

COMMON = words("""
    the a an and or but of to in on at for from with without by as is are was be it its this
    that these those you your what which who when where how not no one two three some any all
    more most less than then do does did done can could would will may might let have has had
    there here up out off over under after before between into only just next still now today
    tomorrow five ten minute minutes something somebody someone thing things way first once down
    away around begins end open write read put take look walk drink close tonight about their
    them they if so
""")

ENGLISH = Language(
    code="en",
    name="English",
    refused={
        "blame": BLAME, "hurry": HURRY, "games": GAMES, "unkind": UNKIND, "promise": PROMISE,
        "errand": ERRAND, "machine": MACHINE, "speaker": SPEAKER,
    },
    common=COMMON,
)  # fmt: skip
