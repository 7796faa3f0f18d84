// posts/fields: what is read of a post wherever it is shown: its properties, and who reacted.
.*,
reactions: COLLECT { MATCH (post)<-[reaction:REACTED]-(who) RETURN [reaction.emoji, who.id] }
