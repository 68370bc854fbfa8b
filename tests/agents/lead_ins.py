"""Lead-ins that a good model may write at eleven in the morning about a task of today."""

LEAD_INS = """
A first small step would be enough: {title}
Ten quiet minutes for {title}
Before lunch, perhaps: {title}
Maybe now: {title}
Perhaps now: {title}
A small first step: {title}
Today could be good for {title}
Begin with a small piece: {title}
Start small: {title}
Start gently with {title}
One slow breath, then: {title}
A calm moment for {title}
Give {title} ten quiet minutes.
Take a first look at {title}
Make a little room for {title}
Make a small start: {title}
Would now be a good moment for {title}?
Is there room for {title} this morning?
How about {title}, at an easy pace?
Five minutes would do: {title}
{title}, step by step.
{title}, one step at a time.
{title} could come next.
{title} might fit this morning.
A quiet start, without hurry: {title}
If you like, a short look at {title}
Bit by bit: {title}
Half an hour for {title}
A quarter of an hour would be plenty: {title}
Open {title} for one line.
Return to {title} for a few minutes.
Come back to {title}, calmly.
Continue with the next piece of {title}
Just one small part of {title}
This morning, perhaps: {title}
In a quiet moment: {title}
When there is a moment: {title}
For a start, one page of {title}
Now could be a good moment for {title}
Time for {title}, slowly.
Keep ten minutes for {title}
A gentle beginning: {title}
Finish a small bit of {title}
Begin gently: {title}
Only one line of {title}, to begin with.
What about {title} now?
Two quiet minutes are enough? {title}
Go on with {title}, piece by piece.
Today, a little time for {title}
Set aside some time for {title}
""".strip().split("\n")
