"""English: what is said on the telephone, by what it is for."""

from __future__ import annotations

from .reading import listed

BACKCHANNELS = listed("""
    Mm-hmm. | mm hmm | Mhm. | Mmmm. | Hmm. | Uh-huh. | Uh huh, uh huh. | Okay. | OK, OK. | Right. | Right, right.
    Yeah. | Yeah yeah yeah. | Yeahhh. | Yep. | Sure. | I see. | Oh, I see. | Got it. | Okay, got it. | All right.
    Alright. | Oh, okay. | Ah. | Of course. | I understand. | Makes sense. | That makes sense, yeah. | Go on.
    Sounds good. | Wow. | Cool. | Oh, wow, okay. | [cough] | (laughs) | *sighs* | Okay [BLANK_AUDIO]
""")
NO_BACKCHANNELS = listed("""
    No. | Stop. | Wait. | Okay, but what about Monday? | Yeah, no. | Right now, please. | I see a problem. | Okay 5.
    What? | Yes, on Tuesday. | Sure, but not today. | I got it wrong. | Hello? | One moment. | Make it eight.
    That one. | Okay stop | Right turn | The first one. | Not really. | Go on Monday. | Sorry? | Hang on.
    Mm, I'd rather not. | Cool down. | 5 | (212) 555-0134 | ... | Nice try. | *7
""")
MOMENTS = listed("""
    One moment. | One moment, please. | Just a moment. | Just a second. | One sec. | Hang on. | Hang on a second.
    Hold on. | Hold on please. | Hold on a minute, please. | Please hold on a second, I will get her. | Two minutes.
    Bear with me. | Please bear with me for a moment. | Wait a minute. | Wait. | Let me look. | Let me check.
    Let me see. | Let me check my calendar. | Let me think. | Let me think about it for a second.
    Let me get a pen. | Okay, let me see. | Yes, one moment please. | Um, hold on, let me grab my card.
    Give me a minute. | Could you give me a moment? | Can you hold on for a second? | I'll be right back.
    I'll be right with you. | I need a moment. | Just a second, I'm looking. | I'll be back in a minute.
    Sure, give me two minutes. | I'm checking. | A moment, please. | Let me look it up. | Don't hang up.
    I would like the pizza. No, hold on. | Hang on, I'll find it. | Hold on, let me pull up my account.
    I'm just getting my glasses. | Could you bear with me? | Hold the line, please. | Let me just grab my glasses.
    Please stay on the line, I'll get him. | Just one moment while I find it. | Let's see.
    I'm putting you on hold. | I'll put you through to Anna. | My number is, hang on a sec. | Let me transfer you.
    Yeah, just give me a couple of seconds to find it. | Wait a second, let me ask my wife. | Let me write that down.
    hold on let me check my calendar | One second, I'll get a pen. | Hang on, let me check if Tuesday works.
    Hold on please, I'm looking for my card. | Give me a second to find my glasses. | One moment, I'll transfer you.
    Hold on, I have to turn the radio down. | Give me a minute to think.
""")
NO_MOMENTS = listed("""
    Can you hold the line? | Do you have a moment? | Have you got a minute? | It takes just a minute.
    Can you do it in a second? | Wait a minute, that is wrong. | Hold on, I have a question. | Wait, what?
    Let me know. | I have been waiting for a minute. | I want to check my balance. | I'm checking on my order.
    I need to find a hotel. | I'm looking for the sales department. | I'm looking for a table for two.
    I'd like to hold a meeting. | Stop. | Let me check in for my flight. | I'll call you back in a minute.
    Let me think about it and call you tomorrow. | The last moment. | At the moment, no. | One moment ago it worked.
    Wait until Monday. | I'm looking forward to it. | I'll see you tomorrow. | Let me get the large one.
    Hold the onions, please. | Let me see if I understand. | Just a second coffee, please.
    I'll take a look at it tomorrow. | Please don't hold it against me. | Yes. | What is the hold music?
    I need to get my refund. | Let me explain. | Let me ask you something. | ... | Seconds
    I'll be a few minutes late. | I need a second appointment. | I'm looking for my order. | I'll get my car at five.
    Let me look at Tuesday instead. | I will look at the invoice you sent. | I'm finding it hard to hear you.
    I'll be there in a minute. | I'll be back tomorrow. | I'm getting my hair cut at noon. | I have to think about it.
    Let me think about it. | I'll think about it. | I'll get it. | I'm just looking. | I'll check my email tonight.
    Let me check out the other one. | Give me a second chance. | Give me a minute to explain. | A few minutes.
    I'm looking for someone who speaks German. | Let me get that for eight people. | I need two minutes of your time.
    I'll transfer you the money. | I'll put you down for Friday. | I'll find the address myself. | I'm thinking of May.
    Let me see what you have on Friday. | I'll ask my wife and let you know. | I have to check with my boss first.
    Let me put it this way. | Wait for me. | Wait, I'm looking for the blue one. | Hold on, let me explain.
    Hold on, let me see if I understand. | Wait, let me ask you something. | Wait, I'll get the large one.
    Let me check, I think Tuesday is fine. | One second, it was the ninth. | I'm getting it for my daughter.
    Please don't hang up on me. | I'll open the door at eight. | I need to check my reservation.
    Wait, I need to see a doctor.
""")
VOICEMAIL = listed("""
    Please leave a message after the tone. | Hi, this is Bob. I'm not here right now, leave a message.
    The person you are calling is not available. Please leave a message. | At the tone, please record your message.
    The person you have dialed is unavailable. | Your call has been forwarded to an automatic voice message system.
    You have reached the voicemail of John Smith. | You've reached the mailbox of five five five.
    The mailbox is full. | Please record your message. When you have finished recording, you may hang up.
    Please leave your name and number after the beep. | I can't come to the phone right now.
    Sorry, I cannot take your call, please leave me a message. | Speak after the beep.
    Leave your name, number and a short message after the beep, and I'll get back to you.
    We are unable to take your call at the moment. | The number you have dialed is not in service.
    The subscriber you are calling is unavailable. | The customer you are calling is currently not available.
    Please leave us a detailed message. | Hi, you've reached Bob. Leave a message and I'll call you back.
    After the tone, please say your name. | You've reached voicemail.
    Hey, you've reached Anna's voicemail, you know what to do.
    Please state your name and the reason for your call after the tone. | Leave me a message!
    The party you are trying to reach is not available. | You may leave a message following the tone.
    Nobody is available to take your call. Please leave your name, number and a message.
    Smith Dental. We are closed. Please leave your name, number and a brief message.
    The person you are trying to reach has a voicemail box that has not been set up yet.
""")
HOLD = listed("""
    Your call is important to us. | Your call is very important to us, please stay on the line.
    Please stay on the line. | All our agents are busy. | All of our agents are currently busy.
    All our representatives are assisting other callers. | You are number three in the queue.
    You are caller number 7 in line. | You're currently number two in the queue.
    Your position in the queue is four. | The estimated wait time is ten minutes.
    Your estimated waiting time is 5 minutes. | The next available agent will be with you shortly.
    Please hold for the next available representative. | Your call will be answered in the order it was received.
    Your call will be answered shortly. | We are experiencing higher than normal call volumes.
    We are currently experiencing a high call volume. | Please continue to hold. | Please hold while we connect you.
    Please hold while your call is transferred. | Please remain on the line.
    One of our advisors will be with you soon. | An agent will be with you shortly.
    All of our customer service representatives are busy. | Thank you for holding. Your call is important to us.
    The expected hold time is less than a minute.
""")
HUMAN = listed("""
    Please hold on a second, I will get her. | He is not available right now. | Dr. Smith is not available today.
    Can I leave a message? | I'd like to leave a message for Dr. Smith. | Would you like to leave a message?
    Please leave a message for John that I called. | I left a message after the tone.
    Thank you for holding, this is Sara. | Please stay on the line, I am getting her.
    Please hold while I transfer you. | Hello? | Good morning, how can I help you? | Could you record the meeting?
    My call is important. | We are busy. | I am number three on the list. | Is there a queue?
    How long is the wait? | I heard a beep. | What number did you dial? | You can leave it with me. | Please hold.
    I waited in line for an hour. | I'm sorry, who is calling? | Are all of your agents busy?
    The number is 555-0134. | Leave a note. | I never got your voicemail. | Please leave me alone. | ...
    I was on the phone. | Please stay on the line, can you? | The tone of your message was rude.
    Can you please leave your number? | Sure, please leave your name and number and he will call you back.
    The number you gave me is not working. | The number you have is not mine. | Please leave your name and number.
    He is not available, would you like to leave a message? | He is not available, please leave a message with me.
    Sorry, I couldn't get to the phone. | Your mailbox is full. | The person you want is not here.
    Did you leave a message after the beep? | When you're done, just hang up. | You can leave your details with me.
    The person you spoke to is not in today. | Leave me a message on WhatsApp. | The number you called from is blocked.
    He's not in, but please leave your number. | The customer you mentioned has not paid.
""")
COMPLETE = listed("""
    I would like to book a table. | What time is it? | How are you? | Yes, I am. | We do. | What is this for?
    Where do I log in? | Yes | no thanks | I need 20. | I was born in 1985. | Four. | The meeting is at 10:42.
    It costs $500. | Come at 5 p.m. | It grew by 50%. | He said "stop." | That's mine! | Please log in!
    Is it this one for you and him? | Who is it for? | My birthday is November 21, 2026. | They do. | Never
    thank you very much goodbye | (I would like a table.) | I need 2.5. | Room 12. | That was in 2007.
    It is plan B.
""")
OPEN = listed("""
    I would like to | I would like to. | My name is. | Can you give me the | I want to talk to my. | It is because
    So I was thinking, and. | I'd | I’d | Well, um. | I live in | Please look it up and then log in
    I was wondering... | I was wondering… | I mean - | First, | Here is the thing:
    My number is five five five, zero one | My number is 555 | It is 555-0134. | Two, two. | It's spelled B, R, O
    R-O-B | R.O.B. | Whatever we can do is what we should | My number is twenty one forty five
    My zip code is 9 4 1 | It's bravo, romeo, oscar | B as in bravo, R as in | john dot | My name's Anna, and my
    It is (212) | The code is 12 34 | She said (well,
""")
UNCLEAR = listed("""
    ... | I would like a table | Please log in. | My number is 212-555-0134. | It is 2 1 2 5 5 5 0 1 3 4 | plan b
    five five five zero one three four two two two | +1 212 555 0134 | It is on. | john dot smith at gmail dot com
    so be it then and there we went home
""")
